// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.os;

public class HandlerThread extends Thread {
    /** The last one made. */
    public static HandlerThread last;
    public final Looper looper = new Looper();

    public HandlerThread(String name) {
        super(name);
        last = this;
    }

    @Override
    public synchronized void start() {}

    public Looper getLooper() {
        return looper;
    }

    public boolean quitSafely() {
        looper.hasQuit = true;
        return true;
    }
}
