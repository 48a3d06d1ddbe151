// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.hardware.camera2;

import android.os.Handler;
import java.util.LinkedHashMap;
import java.util.Map;

public final class CameraManager {
    public final Map<String, CameraCharacteristics> cameras = new LinkedHashMap<>();
    /** The ids that are listed; the others are lenses. */
    public String[] listed = {};
    public CameraDevice.StateCallback callback;
    /** Thrown by the next call. */
    public Exception failure;

    public String[] getCameraIdList() throws CameraAccessException {
        fail();
        return listed;
    }

    public CameraCharacteristics getCameraCharacteristics(String id) throws CameraAccessException {
        fail();
        return cameras.get(id);
    }

    public void openCamera(String id, CameraDevice.StateCallback callback, Handler handler)
            throws CameraAccessException {
        fail();
        this.callback = callback;
    }

    private void fail() throws CameraAccessException {
        CameraDevice.raise(failure);
    }
}
