// A stand-in for the framework's class on a desktop JVM: what the app uses of it, filled by tests.
package android.content;

public class Context {}
