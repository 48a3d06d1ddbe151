plugins {
    alias(libs.plugins.kotlin.jvm)
    `java-test-fixtures`
}

kotlin {
    compilerOptions {
        jvmTarget = org.jetbrains.kotlin.gradle.dsl.JvmTarget.JVM_1_8
        allWarningsAsErrors = true
    }
}

java {
    sourceCompatibility = JavaVersion.VERSION_1_8
    targetCompatibility = JavaVersion.VERSION_1_8
}

dependencies {
    // What the core's tests share with the app's.
    testFixturesImplementation(libs.junit.jupiter)
    testFixturesImplementation(libs.jna)
    testImplementation(libs.junit.jupiter)
    testImplementation(libs.jna)
    testRuntimeOnly(libs.junit.launcher)
}

/** The Python project around this folder: golden vectors, the model bundle. */
val pythonProject: File = rootDir.parentFile

tasks.test {
    useJUnitPlatform()
    systemProperty("lwisp.golden", pythonProject.resolve("tests/golden/golden.json"))
    systemProperty("lwisp.steps", pythonProject.resolve("tests/golden/steps.json"))
    systemProperty("lwisp.bundle", pythonProject.resolve("lwisp_mobile/models/lwisp"))
    systemProperty("lwisp.sample", rootDir.resolve("app/src/main/assets/sample.dng"))
    // Optional: a folder of pictures by the Python runtime and a libLiteRt for this machine.
    for (name in listOf("lwisp.expected", "lwisp.litert")) {
        providers.gradleProperty(name).orNull?.let { systemProperty(name, it) }
    }
}
