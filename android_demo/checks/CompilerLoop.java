import java.io.BufferedReader;
import java.io.InputStreamReader;
import org.jetbrains.kotlin.cli.jvm.K2JVMCompiler;

/**
 * Kotlin's compiler, kept warm: each line of standard input holds the arguments of one compilation, parted by NUL.
 * Its messages end with a line of "done", a blank, and the exit code.
 */
public class CompilerLoop {
    public static void main(String[] none) throws Exception {
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        for (String request = requests.readLine(); request != null; request = requests.readLine()) {
            Object code = new K2JVMCompiler().exec(System.out, request.split("\0"));
            System.out.println("\ndone " + code);
            System.out.flush();
        }
    }
}
