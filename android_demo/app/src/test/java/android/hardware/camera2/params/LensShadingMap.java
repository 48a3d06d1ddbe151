// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.hardware.camera2.params;

public final class LensShadingMap {
    private final int rows;
    private final int columns;
    private final float[] gains;

    /** gains: by row, column and channel. */
    public LensShadingMap(int rows, int columns, float[] gains) {
        this.rows = rows;
        this.columns = columns;
        this.gains = gains;
    }

    public int getRowCount() {
        return rows;
    }

    public int getColumnCount() {
        return columns;
    }

    public float getGainFactor(int channel, int column, int row) {
        return gains[4 * (row * columns + column) + channel];
    }
}
