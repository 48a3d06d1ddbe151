// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.hardware.camera2;

public abstract class CameraMetadata<TKey> {
    public static final int LENS_FACING_FRONT = 0;
    public static final int CONTROL_AF_TRIGGER_START = 1;
    public static final int REQUEST_AVAILABLE_CAPABILITIES_RAW = 3;
}
