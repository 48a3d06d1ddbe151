// AGP 9 compiles Kotlin itself; the version named here is the one it uses.
plugins {
    alias(libs.plugins.android.application) apply false
    alias(libs.plugins.kotlin.jvm) apply false
}
