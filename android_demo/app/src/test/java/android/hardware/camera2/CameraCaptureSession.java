// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.hardware.camera2;

import android.os.Handler;
import android.view.Surface;
import java.util.ArrayList;
import java.util.List;

public abstract class CameraCaptureSession implements AutoCloseable {
    public Exception failure;
    public CaptureCallback repeating;
    public final List<CaptureRequest> captures = new ArrayList<>();
    public CaptureCallback lastCapture;

    public int setRepeatingRequest(CaptureRequest request, CaptureCallback callback, Handler handler)
            throws CameraAccessException {
        CameraDevice.raise(failure);
        repeating = callback;
        return 0;
    }

    public int capture(CaptureRequest request, CaptureCallback callback, Handler handler)
            throws CameraAccessException {
        CameraDevice.raise(failure);
        captures.add(request);
        lastCapture = callback;
        return 0;
    }

    @Override
    public void close() {}

    public abstract static class StateCallback {
        public abstract void onConfigured(CameraCaptureSession session);

        public abstract void onConfigureFailed(CameraCaptureSession session);
    }

    public abstract static class CaptureCallback {
        public void onCaptureCompleted(CameraCaptureSession session, CaptureRequest request, TotalCaptureResult result) {}

        public void onCaptureFailed(CameraCaptureSession session, CaptureRequest request, CaptureFailure failure) {}

        public void onCaptureBufferLost(
                CameraCaptureSession session, CaptureRequest request, Surface target, long frameNumber) {}
    }
}
