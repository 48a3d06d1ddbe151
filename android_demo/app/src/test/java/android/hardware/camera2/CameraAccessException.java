// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.hardware.camera2;

public class CameraAccessException extends Exception {
    public static final int CAMERA_DISABLED = 1;
    public static final int CAMERA_DISCONNECTED = 2;
    public static final int CAMERA_ERROR = 3;
    public static final int CAMERA_IN_USE = 4;
    public static final int MAX_CAMERAS_IN_USE = 5;
    private final int reason;

    public CameraAccessException(int reason) {
        this.reason = reason;
    }

    public int getReason() {
        return reason;
    }
}
