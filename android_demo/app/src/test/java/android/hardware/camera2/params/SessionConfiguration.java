// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.hardware.camera2.params;

import android.hardware.camera2.CameraCaptureSession;
import java.util.List;
import java.util.concurrent.Executor;

public final class SessionConfiguration {
    public static final int SESSION_REGULAR = 0;
    public final List<OutputConfiguration> outputs;
    public final CameraCaptureSession.StateCallback callback;

    public SessionConfiguration(
            int type, List<OutputConfiguration> outputs, Executor executor, CameraCaptureSession.StateCallback callback) {
        this.outputs = outputs;
        this.callback = callback;
    }
}
