package test;

/** Word is something to compile. */
public final class Word {
    private Word() {}
}
