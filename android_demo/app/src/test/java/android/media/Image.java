// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.media;

import java.nio.ByteBuffer;

public class Image implements AutoCloseable {
    public final Plane plane = new Plane();
    public int width;
    public int height;
    public long timestamp;
    public boolean isClosed;

    public int getWidth() {
        return width;
    }

    public int getHeight() {
        return height;
    }

    public long getTimestamp() {
        return timestamp;
    }

    public Plane[] getPlanes() {
        return new Plane[] {plane};
    }

    @Override
    public void close() {
        isClosed = true;
    }

    public static class Plane {
        public ByteBuffer buffer;
        public int rowStride;

        public ByteBuffer getBuffer() {
            return buffer;
        }

        public int getRowStride() {
            return rowStride;
        }
    }
}
