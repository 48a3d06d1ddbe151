// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.os;

public class Build {
    public static final String MANUFACTURER = "Maker";
    public static final String MODEL = "Phone";

    public static class VERSION {
        public static int SDK_INT = 36;
    }

    public static class VERSION_CODES {
        public static final int Q = 29;
        public static final int S = 31;
    }
}
