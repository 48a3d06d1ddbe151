// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.hardware.camera2;

import android.hardware.camera2.params.SessionConfiguration;

public abstract class CameraDevice implements AutoCloseable {
    public static final int TEMPLATE_PREVIEW = 1;
    public static final int TEMPLATE_STILL_CAPTURE = 2;
    /** Thrown by every call while it is set. */
    public Exception failure;
    public boolean isClosed;
    public SessionConfiguration configuration;

    public CaptureRequest.Builder createCaptureRequest(int template) throws CameraAccessException {
        raise(failure);
        return new CaptureRequest.Builder();
    }

    public void createCaptureSession(SessionConfiguration configuration) throws CameraAccessException {
        raise(failure);
        this.configuration = configuration;
    }

    @Override
    public void close() {
        isClosed = true;
    }

    static void raise(Exception failure) throws CameraAccessException {
        if (failure instanceof CameraAccessException) throw (CameraAccessException) failure;
        if (failure != null) throw (RuntimeException) failure;
    }

    public abstract static class StateCallback {
        public static final int ERROR_CAMERA_IN_USE = 1;
        public static final int ERROR_MAX_CAMERAS_IN_USE = 2;
        public static final int ERROR_CAMERA_DISABLED = 3;

        public abstract void onOpened(CameraDevice camera);

        public void onClosed(CameraDevice camera) {}

        public abstract void onDisconnected(CameraDevice camera);

        public abstract void onError(CameraDevice camera, int error);
    }
}
