// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.hardware.camera2.params;

import android.graphics.ImageFormat;
import android.util.Size;

public final class StreamConfigurationMap {
    private final Size[] raw;
    private final Size[] jpeg;
    private final Size[] preview;

    public StreamConfigurationMap(Size[] raw, Size[] jpeg, Size[] preview) {
        this.raw = raw;
        this.jpeg = jpeg;
        this.preview = preview;
    }

    public Size[] getOutputSizes(int format) {
        return format == ImageFormat.RAW_SENSOR ? raw : jpeg;
    }

    public Size[] getOutputSizes(Class<?> kind) {
        return preview;
    }
}
