// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.os;

public class Handler {
    private final Looper looper;

    public Handler(Looper looper) {
        this.looper = looper;
    }

    public final boolean post(Runnable work) {
        return looper.post(work);
    }
}
