// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.graphics;

public class ImageFormat {
    public static final int RAW_SENSOR = 32;
    public static final int JPEG = 256;
}
