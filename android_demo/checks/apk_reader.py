"""Read an APK with androguard and write what's in it as JSON. A program: its packages are given by folder."""

import json
import sys

sys.path.insert(0, sys.argv[1])

from androguard.core.apk import APK
from androguard.core.dex import DEX
from loguru import logger


def main() -> None:
    """Write the facts to standard output."""
    logger.remove()
    apk = APK(sys.argv[2])
    names = [name for dex in apk.get_all_dex() for name in DEX(dex).get_classes_names()]
    name = apk.get_attribute_value("application", "name")
    application = f"{apk.get_package()}{name}" if name.startswith(".") else name
    facts = {
        "package": apk.get_package(),
        "main_activity": apk.get_main_activity(),
        "permissions": sorted(apk.get_permissions()),
        "min_sdk": apk.get_min_sdk_version(),
        "target_sdk": apk.get_target_sdk_version(),
        "signed": [apk.is_signed_v1(), apk.is_signed_v2(), apk.is_signed_v3()],
        "native_libraries": [name for name in apk.get_files() if name.endswith(".so")],
        "notices": sorted(name for name in apk.get_files() if name in ("assets/LICENSE.txt", "assets/NOTICE.txt")),
        "classes": len(names),
        "application_class": f"L{application.replace('.', '/')};" in names,
    }
    sys.stdout.write(json.dumps(facts))


main()
