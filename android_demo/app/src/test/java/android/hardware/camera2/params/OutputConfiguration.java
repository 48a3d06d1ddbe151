// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.hardware.camera2.params;

import android.view.Surface;

public final class OutputConfiguration {
    public final Surface surface;
    public String physicalId;

    public OutputConfiguration(Surface surface) {
        this.surface = surface;
    }

    public void setPhysicalCameraId(String id) {
        physicalId = id;
    }
}
