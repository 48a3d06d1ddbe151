// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.os;

import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;

public final class Looper {
    private static final List<Looper> ALL = new CopyOnWriteArrayList<>();
    private static final Looper MAIN = new Looper();
    private final ConcurrentLinkedQueue<Runnable> queue = new ConcurrentLinkedQueue<>();
    public volatile boolean hasQuit;

    Looper() {
        ALL.add(this);
    }

    public static Looper getMainLooper() {
        return MAIN;
    }

    /** No thread of a test is the main one. */
    public static Looper myLooper() {
        return null;
    }

    boolean post(Runnable work) {
        return !hasQuit && queue.add(work);
    }

    /** For tests: runs what was posted to any thread, here. */
    public static void drain() {
        boolean ran = true;
        while (ran) {
            ran = false;
            for (Looper looper : ALL) {
                Runnable work = looper.queue.poll();
                if (work != null) {
                    work.run();
                    ran = true;
                }
            }
        }
    }
}
