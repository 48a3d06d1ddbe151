// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.hardware.camera2;

import android.view.Surface;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

public final class CaptureRequest extends CameraMetadata<CaptureRequest.Key<?>> {
    public static final Key<Integer> CONTROL_AF_TRIGGER = new Key<>();
    public static final Key<Integer> JPEG_ORIENTATION = new Key<>();
    public static final Key<Boolean> STATISTICS_HOT_PIXEL_MAP_MODE = new Key<>();
    public static final Key<Integer> STATISTICS_LENS_SHADING_MAP_MODE = new Key<>();
    public final Map<Key<?>, Object> values = new HashMap<>();
    public final List<Surface> targets = new ArrayList<>();

    public static final class Key<T> {}

    public static final class Builder {
        private final CaptureRequest request = new CaptureRequest();

        public <T> void set(Key<T> key, T value) {
            request.values.put(key, value);
        }

        public void addTarget(Surface surface) {
            request.targets.add(surface);
        }

        public CaptureRequest build() {
            return request;
        }
    }
}
