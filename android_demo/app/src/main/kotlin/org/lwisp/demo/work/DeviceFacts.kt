package org.lwisp.demo.work

import android.annotation.TargetApi
import android.content.Context
import android.os.Build
import android.os.PowerManager
import org.lwisp.demo.BuildConfig
import java.text.SimpleDateFormat
import java.util.Date
import java.util.Locale
import java.util.TimeZone

/** What the phone reports about itself, for the results. */
fun deviceFacts(): Map<String, String?> =
    mapOf(
        "manufacturer" to Build.MANUFACTURER,
        "model" to Build.MODEL,
        "soc" to if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) Api31.soc() else null,
        "android" to Build.VERSION.RELEASE,
        "sdk" to Build.VERSION.SDK_INT.toString(),
        "abi" to Build.SUPPORTED_ABIS.firstOrNull(),
        "app" to BuildConfig.VERSION_NAME,
        "litert" to BuildConfig.LITERT_VERSION,
    )

/** Names the chip, as files compiled ahead of time do; null before Android 12. */
fun socModel(): String? = if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) Api31.socModel() else null

/** The system's thermal status; null before Android 10. */
fun thermalStatus(context: Context): String? =
    if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) Api29.thermalStatus(context) else null

/** Now, as ISO 8601 in UTC. */
fun utcNow(): String =
    SimpleDateFormat("yyyy-MM-dd'T'HH:mm:ss'Z'", Locale.ROOT).run {
        timeZone = TimeZone.getTimeZone("UTC")
        format(Date())
    }

@TargetApi(Build.VERSION_CODES.Q)
private object Api29 {
    private val NAMES = listOf("none", "light", "moderate", "severe", "critical", "emergency", "shutdown")

    fun thermalStatus(context: Context): String? =
        NAMES.getOrNull(context.getSystemService(PowerManager::class.java).currentThermalStatus)
}

@TargetApi(Build.VERSION_CODES.S)
private object Api31 {
    fun socModel(): String = Build.SOC_MODEL

    fun soc(): String = "${Build.SOC_MANUFACTURER} ${Build.SOC_MODEL}"
}
