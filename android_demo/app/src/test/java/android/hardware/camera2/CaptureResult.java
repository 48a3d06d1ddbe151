// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.hardware.camera2;

import android.graphics.Point;
import android.hardware.camera2.params.LensShadingMap;
import android.util.Pair;
import android.util.Rational;
import java.util.HashMap;
import java.util.Map;

public class CaptureResult extends CameraMetadata<CaptureResult.Key<?>> {
    public static final Key<Integer> CONTROL_AE_STATE = new Key<>();
    public static final Key<Integer> CONTROL_AF_STATE = new Key<>();
    public static final Key<Integer> CONTROL_AWB_STATE = new Key<>();
    public static final Key<Integer> CONTROL_POST_RAW_SENSITIVITY_BOOST = new Key<>();
    public static final Key<Float> LENS_APERTURE = new Key<>();
    public static final Key<Float> LENS_FOCAL_LENGTH = new Key<>();
    public static final Key<String> LOGICAL_MULTI_CAMERA_ACTIVE_PHYSICAL_ID = new Key<>();
    public static final Key<float[]> SENSOR_DYNAMIC_BLACK_LEVEL = new Key<>();
    public static final Key<Integer> SENSOR_DYNAMIC_WHITE_LEVEL = new Key<>();
    public static final Key<Long> SENSOR_EXPOSURE_TIME = new Key<>();
    public static final Key<Rational[]> SENSOR_NEUTRAL_COLOR_POINT = new Key<>();
    public static final Key<Pair<Double, Double>[]> SENSOR_NOISE_PROFILE = new Key<>();
    public static final Key<Integer> SENSOR_SENSITIVITY = new Key<>();
    public static final Key<Long> SENSOR_TIMESTAMP = new Key<>();
    public static final Key<Point[]> STATISTICS_HOT_PIXEL_MAP = new Key<>();
    public static final Key<LensShadingMap> STATISTICS_LENS_SHADING_CORRECTION_MAP = new Key<>();
    private final Map<Key<?>, Object> values = new HashMap<>();

    /** For tests. */
    public <T> CaptureResult with(Key<T> key, T value) {
        values.put(key, value);
        return this;
    }

    @SuppressWarnings("unchecked")
    public <T> T get(Key<T> key) {
        return (T) values.get(key);
    }

    public static final class Key<T> {}
}
