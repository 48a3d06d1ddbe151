// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.util;

public final class SizeF {
    private final float width;
    private final float height;

    public SizeF(float width, float height) {
        this.width = width;
        this.height = height;
    }

    public float getWidth() {
        return width;
    }

    public float getHeight() {
        return height;
    }
}
