// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.hardware.camera2;

import java.util.HashMap;
import java.util.Map;

public final class TotalCaptureResult extends CaptureResult {
    /** For tests. */
    public final Map<String, CaptureResult> physical = new HashMap<>();

    public Map<String, CaptureResult> getPhysicalCameraResults() {
        return physical;
    }
}
