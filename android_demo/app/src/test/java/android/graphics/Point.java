// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.graphics;

public class Point {
    public int x;
    public int y;

    public Point(int x, int y) {
        this.x = x;
        this.y = y;
    }
}
