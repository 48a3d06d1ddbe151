// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.hardware.camera2;

import android.graphics.Rect;
import android.hardware.camera2.params.BlackLevelPattern;
import android.hardware.camera2.params.ColorSpaceTransform;
import android.hardware.camera2.params.StreamConfigurationMap;
import android.util.SizeF;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

public final class CameraCharacteristics extends CameraMetadata<CameraCharacteristics.Key<?>> {
    public static final Key<Integer> LENS_FACING = new Key<>();
    public static final Key<float[]> LENS_INFO_AVAILABLE_FOCAL_LENGTHS = new Key<>();
    public static final Key<Float> LENS_INFO_MINIMUM_FOCUS_DISTANCE = new Key<>();
    public static final Key<int[]> REQUEST_AVAILABLE_CAPABILITIES = new Key<>();
    public static final Key<StreamConfigurationMap> SCALER_STREAM_CONFIGURATION_MAP = new Key<>();
    public static final Key<BlackLevelPattern> SENSOR_BLACK_LEVEL_PATTERN = new Key<>();
    public static final Key<ColorSpaceTransform> SENSOR_CALIBRATION_TRANSFORM1 = new Key<>();
    public static final Key<ColorSpaceTransform> SENSOR_CALIBRATION_TRANSFORM2 = new Key<>();
    public static final Key<ColorSpaceTransform> SENSOR_COLOR_TRANSFORM1 = new Key<>();
    public static final Key<ColorSpaceTransform> SENSOR_COLOR_TRANSFORM2 = new Key<>();
    public static final Key<ColorSpaceTransform> SENSOR_FORWARD_MATRIX1 = new Key<>();
    public static final Key<ColorSpaceTransform> SENSOR_FORWARD_MATRIX2 = new Key<>();
    public static final Key<Integer> SENSOR_INFO_COLOR_FILTER_ARRANGEMENT = new Key<>();
    public static final Key<Boolean> SENSOR_INFO_LENS_SHADING_APPLIED = new Key<>();
    public static final Key<SizeF> SENSOR_INFO_PHYSICAL_SIZE = new Key<>();
    public static final Key<Rect> SENSOR_INFO_PRE_CORRECTION_ACTIVE_ARRAY_SIZE = new Key<>();
    public static final Key<Integer> SENSOR_INFO_WHITE_LEVEL = new Key<>();
    public static final Key<Integer> SENSOR_ORIENTATION = new Key<>();
    public static final Key<Integer> SENSOR_REFERENCE_ILLUMINANT1 = new Key<>();
    public static final Key<Byte> SENSOR_REFERENCE_ILLUMINANT2 = new Key<>();
    public static final Key<boolean[]> STATISTICS_INFO_AVAILABLE_HOT_PIXEL_MAP_MODES = new Key<>();
    /** For tests: lenses of a logical camera. */
    public Set<String> lenses = Collections.emptySet();

    private final Map<Key<?>, Object> values = new HashMap<>();

    /** For tests. */
    public <T> CameraCharacteristics with(Key<T> key, T value) {
        values.put(key, value);
        return this;
    }

    @SuppressWarnings("unchecked")
    public <T> T get(Key<T> key) {
        return (T) values.get(key);
    }

    public static final class Key<T> {}

    public Set<String> getPhysicalCameraIds() {
        return lenses;
    }
}
