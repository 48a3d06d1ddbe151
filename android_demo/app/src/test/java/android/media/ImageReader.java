// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.media;

import android.os.Handler;
import android.view.Surface;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

public class ImageReader implements AutoCloseable {
    public static final List<ImageReader> ALL = new ArrayList<>();
    public final Surface surface = new Surface();
    public final ArrayDeque<Image> images = new ArrayDeque<>();
    public final int format;
    public boolean isClosed;
    private OnImageAvailableListener listener;

    private ImageReader(int format) {
        this.format = format;
        ALL.add(this);
    }

    public static ImageReader newInstance(int width, int height, int format, int maxImages) {
        return new ImageReader(format);
    }

    public void setOnImageAvailableListener(OnImageAvailableListener listener, Handler handler) {
        this.listener = listener;
    }

    public void deliver(Image image) {
        images.add(image);
        listener.onImageAvailable(this);
    }

    public Image acquireNextImage() {
        return images.poll();
    }

    public Surface getSurface() {
        return surface;
    }

    @Override
    public void close() {
        isClosed = true;
    }

    public interface OnImageAvailableListener {
        void onImageAvailable(ImageReader reader);
    }
}
