// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.util;

public class Pair<F, S> {
    public final F first;
    public final S second;

    public Pair(F first, S second) {
        this.first = first;
        this.second = second;
    }
}
