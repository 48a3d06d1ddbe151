// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.hardware.camera2.params;

import android.util.Rational;

public final class ColorSpaceTransform {
    private final Rational[] elements;

    public ColorSpaceTransform(Rational[] elements) {
        this.elements = elements;
    }

    public Rational getElement(int column, int row) {
        return elements[3 * row + column];
    }
}
