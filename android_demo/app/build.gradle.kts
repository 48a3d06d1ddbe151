plugins {
    alias(libs.plugins.android.application)
}

android {
    namespace = "org.lwisp.demo"
    compileSdk =
        libs.versions.compileSdk
            .get()
            .toInt()

    defaultConfig {
        applicationId = "org.lwisp.demo"
        minSdk =
            libs.versions.minSdk
                .get()
                .toInt()
        targetSdk =
            libs.versions.targetSdk
                .get()
                .toInt()
        versionCode = 1
        versionName = "0.1.0"
        // LiteRT's libraries; 32-bit phones have no place in its GPU artifact.
        ndk { abiFilters += listOf("arm64-v8a", "x86_64") }
        buildConfigField("String", "LITERT_VERSION", "\"${libs.versions.litert.get()}\"")
    }

    buildFeatures { buildConfig = true }

    buildTypes {
        release {
            isMinifyEnabled = true
            isShrinkResources = true
            proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"), "proguard-rules.pro")
        }
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }

    // The tests bring stand-ins of the framework's classes (src/test/java). Those with models need two properties.
    testOptions {
        unitTests.all { test ->
            test.useJUnitPlatform()
            test.systemProperty("lwisp.bundle", rootDir.resolve("../lwisp_mobile/models/lwisp"))
            for (name in listOf("lwisp.expected", "lwisp.litert")) {
                providers.gradleProperty(name).orNull?.let { test.systemProperty(name, it) }
            }
        }
    }

    // Weights hardly shrink: stored as they are, they needn't be unpacked.
    androidResources { noCompress += "tflite" }
}

dependencies {
    implementation(project(":core"))
    implementation(libs.litert)
    implementation(libs.litert.gpu)
    testImplementation(testFixtures(project(":core")))
    testImplementation(libs.junit.jupiter)
    testImplementation(libs.jna)
    testRuntimeOnly(libs.junit.launcher)
}

androidComponents {
    onVariants { variant ->
        val copy =
            tasks.register<CopyBundleTask>("copy${variant.name.replaceFirstChar(Char::uppercase)}Bundle") {
                bundle =
                    layout
                        .dir(providers.gradleProperty("lwisp.bundle").map { File(it) })
                        .orElse(layout.projectDirectory.dir("../../lwisp_mobile/models/lwisp"))
                licence = layout.projectDirectory.file("../../LICENSE")
            }
        variant.sources.assets?.addGeneratedSourceDirectory(copy, CopyBundleTask::assets)
    }
}

/** Puts a model bundle into the assets, if every model has the hash that its contract.json says. */
@CacheableTask
abstract class CopyBundleTask : DefaultTask() {
    @get:InputDirectory
    @get:PathSensitive(PathSensitivity.RELATIVE)
    abstract val bundle: DirectoryProperty

    @get:InputFile
    @get:PathSensitive(PathSensitivity.NAME_ONLY)
    abstract val licence: RegularFileProperty

    @get:OutputDirectory
    abstract val assets: DirectoryProperty

    @TaskAction
    fun copy() {
        val source = bundle.get().asFile
        val target = assets.get().asFile.resolve("bundle")
        target.deleteRecursively()
        target.mkdirs()
        source.resolve("contract.json").copyTo(target.resolve("contract.json"))
        for ((name, sha256) in models(source.resolve("contract.json"))) {
            val model = source.resolve(name)
            val found = sha256Of(model)
            if (found != sha256) throw GradleException("$model: sha256 is $found, contract.json says $sha256.")
            model.copyTo(target.resolve(name))
        }
        // Graphs compiled ahead of time: npu/CHIP/NAME.tflite, named as the app looks for them.
        source.resolve("npu").takeIf { it.isDirectory }?.copyRecursively(target.resolve("npu"))
        licence.get().asFile.copyTo(assets.get().asFile.resolve("LICENSE.txt"), overwrite = true)
    }

    private fun models(contract: File): List<Pair<String, String>> {
        val tree = groovy.json.JsonSlurper().parse(contract) as Map<*, *>
        return (tree["models"] as List<*>).map { model ->
            val members = model as Map<*, *>
            Pair(members["file"] as String, members["sha256"] as String)
        }
    }

    private fun sha256Of(file: File): String =
        java.security.MessageDigest
            .getInstance("SHA-256")
            .digest(file.readBytes())
            .joinToString("") { "%02x".format(it) }
}
