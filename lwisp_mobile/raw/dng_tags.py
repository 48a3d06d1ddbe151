"""What a DNG's own tags say, and which of it is honoured. Source: DNG specification 1.7.1, chapter 4."""

from dataclasses import dataclass, replace

import numpy as np

from lwisp_mobile.errors import RawFormatError, UnsupportedSensorError
from lwisp_mobile.raw.color_temperature import WhitePoint
from lwisp_mobile.raw.corrections import Crop, NoiseProfile
from lwisp_mobile.raw.dng_color import ILLUMINANT_KELVIN, Calibration, CameraColor, Matrix
from lwisp_mobile.raw.dng_opcodes import LIST_TAGS, Frame, Opcodes, read_opcodes
from lwisp_mobile.raw.hints import Sites
from lwisp_mobile.raw.image import FactUse, FileFact
from lwisp_mobile.raw.tiff_tags import Directory, Tiff

DNG_VERSION = 50706
SUBFILE_TYPE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
SAMPLE_FORMAT, FLOAT = 339, 3
CFA, LINEAR_RAW = 32803, 34892
BLACK_REPEAT, BLACK, BLACK_BY_COLUMN, BLACK_BY_ROW, WHITE = 50713, 50714, 50715, 50716, 50717
CFA_LAYOUT = 50711
DEFAULT_SCALE, CROP_ORIGIN, CROP_SIZE, ACTIVE_AREA, USER_CROP = 50718, 50719, 50720, 50829, 51125
ANALOG_BALANCE, NEUTRAL, WHITE_XY = 50727, 50728, 50729
BASELINE_EXPOSURE, BASELINE_EXPOSURE_OFFSET, NOISE_PROFILE = 50730, 51109, 51041
CAMERA_SIGNATURE, PROFILE_SIGNATURE = 50931, 50932
# CalibrationIlluminant, ColorMatrix, CameraCalibration, ForwardMatrix of the first and the second light.
_LIGHTS = ((50778, 50721, 50723, 50964), (50779, 50722, 50724, 50965))

MAX_NOTED = 16
"""Letters of a value that a note repeats."""
MAX_SHOWN = 12
"""Numbers of a tag that `lwisp inspect` shows."""

_HONOURED = {
    262: "PhotometricInterpretation",
    274: "Orientation",
    33421: "CFARepeatPatternDim",
    33422: "CFAPattern",
    50712: "LinearizationTable",
    50713: "BlackLevelRepeatDim",
    50714: "BlackLevel",
    50715: "BlackLevelDeltaH",
    50716: "BlackLevelDeltaV",
    50717: "WhiteLevel",
    50719: "DefaultCropOrigin",
    50720: "DefaultCropSize",
    50721: "ColorMatrix1",
    50722: "ColorMatrix2",
    50723: "CameraCalibration1",
    50724: "CameraCalibration2",
    50727: "AnalogBalance",
    50728: "AsShotNeutral",
    50729: "AsShotWhiteXY",
    50730: "BaselineExposure",
    50778: "CalibrationIlluminant1",
    50779: "CalibrationIlluminant2",
    50829: "ActiveArea",
    50964: "ForwardMatrix1",
    50965: "ForwardMatrix2",
    51109: "BaselineExposureOffset",
}
_FOR_NOISE = {51041: "NoiseProfile"}
# They change the picture in a converter that follows them.
_NOT_HONOURED = {
    50711: "CFALayout",
    50718: "DefaultScale",
    50937: "ProfileHueSatMap",
    50940: "ProfileToneCurve",
    50981: "ProfileLookTable",
    51125: "DefaultUserCrop",
    52525: "ProfileGainTableMap",
    52531: "ColorMatrix3",
    52543: "RGBTables",
    52544: "ProfileGainTableMap2",
}
_INFORMATION = {
    259: "Compression",
    258: "BitsPerSample",
    50706: "DNGVersion",
    50708: "UniqueCameraModel",
    50731: "BaselineNoise",
    50732: "BaselineSharpness",
    50733: "BayerGreenSplit",
    50734: "LinearResponseLimit",
    50738: "AntiAliasStrength",
    50739: "ShadowScale",
    50780: "BestQualityScale",
    50830: "MaskedAreas",
    50935: "NoiseReductionApplied",
    50936: "ProfileName",
    51110: "DefaultBlackRender",
}
_USES: tuple[tuple[dict[int, str], FactUse], ...] = (
    (_HONOURED, "honoured"),
    (_FOR_NOISE, "for models told the noise"),
    (_NOT_HONOURED, "not honoured"),
    (_INFORMATION, "information"),
)
# The value that says "leave it as it is", of tags that would else change the picture.
_NEUTRAL_VALUES = {CFA_LAYOUT: (1.0,), DEFAULT_SCALE: (1.0, 1.0), USER_CROP: (0.0, 0.0, 1.0, 1.0)}


@dataclass(frozen=True)
class DngFacts:
    """A DNG's tags, in this package's terms."""

    frame: Frame
    black: Sites | None
    """Per site of the mosaic's 2x2 cell; None if the file doesn't say."""
    white: float | None
    """The lowest WhiteLevel; None if the file doesn't say."""
    is_float: bool
    """Whether samples are floating-point numbers; LibRaw makes integers of them, and levels to match."""
    color: CameraColor | None
    """None if the file has no colour matrix."""
    needs_color_model: bool
    """Whether the white point decides on the matrix: there are two lights, a ForwardMatrix, or AsShotWhiteXY."""
    has_neutral: bool
    """Whether AsShotNeutral is there, which LibRaw reports."""
    as_shot_white: WhitePoint | None
    """AsShotWhiteXY; None where AsShotNeutral says it, or nothing does."""
    opcodes: Opcodes
    baseline_exposure_ev: float
    noise_profile: NoiseProfile | None
    crop: Crop | None
    facts: tuple[FileFact, ...]
    notes: tuple[str, ...]


def is_dng(tiff: Tiff | None) -> bool:
    """Whether a file says that it's a DNG."""
    return tiff is not None and DNG_VERSION in tiff.main


def mosaic_directory(tiff: Tiff, width: int, height: int, *, is_linear: bool) -> Directory:
    """The directory that describes the samples LibRaw decoded, of this size: the main picture's, if several do.

    Raises RawFormatError if none does: nothing else in the file could be placed on the samples.
    """
    wanted = LINEAR_RAW if is_linear else CFA
    sized = [each for each in tiff.images if (each.number(WIDTH), each.number(HEIGHT)) == (width, height)]
    fitting = [each for each in sized if each.number(PHOTOMETRIC) == wanted]
    if not fitting:
        raise RawFormatError(
            f"No directory of the DNG describes the {width}x{height} samples that LibRaw reads. The file may be "
            "damaged; convert it with Adobe DNG Converter."
        )
    return next((each for each in fitting if not each.number(SUBFILE_TYPE)), fitting[0])


def read_frame(directory: Directory, width: int, height: int, *, is_linear: bool) -> Frame:
    """Where the active area lies in the samples; its filter order is still unknown (RGGB, as linear ones are sampled).

    Raises RawFormatError if the area isn't within the samples.
    """
    area = directory.numbers(ACTIVE_AREA) or (0, 0, height, width)
    if len(area) != 4 or not (0 <= area[0] < area[2] <= height and 0 <= area[1] < area[3] <= width):
        raise RawFormatError(
            f"ActiveArea is {_text(area)}; top, left, bottom, right within {width}x{height} px are needed. "
            "Convert the file with Adobe DNG Converter."
        )
    top, left, bottom, right = (int(edge) for edge in area)
    return Frame(height, width, top, left, bottom - top, right - left, "RGGB", is_linear)


def read_dng(tiff: Tiff, directory: Directory, frame: Frame) -> DngFacts:
    """Read what a DNG says about the mosaic at `frame`. Raises RawFormatError if a tag is broken."""
    main = tiff.main
    lists = {stage: content for stage, tag in LIST_TAGS.items() if (content := directory.data(tag)) is not None}
    opcodes = read_opcodes(lists, frame)
    color, noise = _read_color(main), _read_noise(main, directory)
    crop, crop_notes = _read_crop(directory, frame)
    is_float = directory.number(SAMPLE_FORMAT) == FLOAT
    black, black_notes = (None, ()) if is_float else _read_black(directory, frame)
    white_xy = _read_white_xy(main)
    facts = (*_tag_facts(main, directory), *opcodes.facts)
    noise_note = _noise_note(main, directory, noise)
    return DngFacts(
        frame=frame,
        black=black,
        white=None if is_float else min(map(float, directory.numbers(WHITE) or ()), default=None),
        is_float=is_float,
        color=color,
        needs_color_model=color is not None and (_is_rich(color) or white_xy is not None),
        has_neutral=NEUTRAL in main,
        as_shot_white=white_xy,
        opcodes=opcodes,
        baseline_exposure_ev=(main.number(BASELINE_EXPOSURE) or 0.0) + (main.number(BASELINE_EXPOSURE_OFFSET) or 0.0),
        noise_profile=noise,
        crop=crop,
        facts=tuple(_unused(fact) if noise_note and fact.name in _FOR_NOISE.values() else fact for fact in facts),
        notes=(*crop_notes, *black_notes, *_unhonoured_note(facts), *noise_note),
    )


def _read_white_xy(main: Directory) -> WhitePoint | None:
    values = None if NEUTRAL in main else main.numbers(WHITE_XY)
    if values is None:
        return None
    if len(values) != 2 or not all(0 < value < 1 for value in values):
        raise RawFormatError(f"AsShotWhiteXY is {_text(values)}; x and y between 0 and 1 are needed.")
    return values[0], values[1]


def _is_rich(color: CameraColor) -> bool:
    return len(color.calibrations) > 1 or any(each.forward is not None for each in color.calibrations)


def _read_color(main: Directory) -> CameraColor | None:
    calibrated = (main.text(CAMERA_SIGNATURE) or "") == (main.text(PROFILE_SIGNATURE) or "")
    calibrations = []
    for illuminant, color, camera, forward in _LIGHTS:
        matrix = _matrix(main, color)
        if matrix is None:
            continue
        to_this = _matrix(main, camera) if calibrated else None
        calibrations.append(
            Calibration(
                ILLUMINANT_KELVIN.get(int(main.number(illuminant) or 0)),
                matrix,
                np.eye(3) if to_this is None else to_this,
                _matrix(main, forward),
            )
        )
    balance = main.numbers(ANALOG_BALANCE) or (1.0, 1.0, 1.0)
    if len(balance) != 3 or not all(np.isfinite(balance)) or min(balance) <= 0:
        raise RawFormatError(f"AnalogBalance is {_text(balance)}; three numbers over 0 are needed.")
    return CameraColor(tuple(calibrations), (balance[0], balance[1], balance[2])) if calibrations else None


def _matrix(main: Directory, tag: int) -> Matrix | None:
    values = main.numbers(tag)
    if values is None:
        return None
    if len(values) != 9:
        raise UnsupportedSensorError(
            f"{_name(tag)} has {len(values)} numbers: the sensor has {len(values) // 3} colours, not R, G and B. "
            "lwisp develops 2x2 Bayer mosaics; use RawTherapee or darktable for this file."
        )
    return np.array(values, np.float64).reshape(3, 3)


def _read_black(directory: Directory, frame: Frame) -> tuple[Sites | None, tuple[str, ...]]:
    """Black per site of the mosaic's cell. The pattern, and the changes by row and column, begin at its top left."""
    values = directory.numbers(BLACK)
    if values is None and not {BLACK_BY_ROW, BLACK_BY_COLUMN} & {tag for tag in _HONOURED if tag in directory}:
        return None, ()
    pattern, notes = _black_pattern(directory, values or (0.0,), frame)
    for axis, tag in enumerate((BLACK_BY_ROW, BLACK_BY_COLUMN)):
        changes = np.array(directory.numbers(tag) or (0.0,))
        halves = [changes[phase::2].mean() if len(changes) > phase else changes.mean() for phase in (0, 1)]
        pattern = pattern + np.reshape(halves, (2, 1) if axis == 0 else (1, 2))
        if np.ptp(changes[0::2]) > 0:
            notes += (f"{_name(tag)} isn't constant; the mean per filter site is subtracted.",)
    first, second, third, fourth = np.maximum(pattern, 0).ravel().tolist()
    return (first, second, third, fourth), notes


def _black_pattern(
    directory: Directory, values: tuple[float, ...], frame: Frame
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], tuple[str, ...]]:
    """(2, 2) black levels."""
    repeat = directory.numbers(BLACK_REPEAT) or (1.0, 1.0)
    samples = 3 if frame.is_linear else 1
    rows, columns = (int(repeat[0]), int(repeat[1])) if len(repeat) == 2 else (0, 0)
    if rows * columns * samples != len(values) or not len(values):
        raise RawFormatError(f"BlackLevel has {len(values)} values for {rows}x{columns} sites of {samples} sample(s).")
    levels = np.array(values).reshape(rows, columns, samples)
    by_site = np.empty((2, 2))
    for site, letter in enumerate(frame.cfa):
        chosen = levels[..., "RGB".index(letter) if frame.is_linear else 0]
        y, x = site // 2, site % 2
        by_site[y, x] = (
            chosen[y % rows :: 2, x % columns :: 2].mean() if max(rows, columns) > 2 else chosen[y % rows, x % columns]
        )
    if max(rows, columns) > 2:
        return by_site, (f"BlackLevel repeats over {rows}x{columns} sites; the mean per filter site is subtracted.",)
    return by_site, ()


def _read_crop(directory: Directory, frame: Frame) -> tuple[Crop | None, tuple[str, ...]]:
    """DefaultCrop within the mosaic, rounded to pixels; None if it's the whole mosaic, or the file doesn't say."""
    origin, size = directory.numbers(CROP_ORIGIN) or (0.0, 0.0), directory.numbers(CROP_SIZE)
    if size is None:
        return None, ()
    if len(origin) != 2 or len(size) != 2 or min(*origin) < 0 or min(*size) < 2:
        raise RawFormatError(
            f"DefaultCropOrigin is {_text(origin)} and DefaultCropSize {_text(size)}; two numbers of 0 or more, "
            "and of 2 or more, are needed. Convert the file with Adobe DNG Converter."
        )
    left, top, width, height = (round(value) for value in (*origin, *size))
    inside = Crop(top, left, min(height, frame.height - top), min(width, frame.width - left))
    if min(inside.height, inside.width) < 2:
        raise RawFormatError(
            f"The default crop of {width}x{height} px at column {left}, row {top} leaves nothing of the "
            f"{frame.width}x{frame.height} px. Convert the file with Adobe DNG Converter."
        )
    cut = f"The default crop of {width}x{height} px is larger than the sensor's area and was cut to it."
    notes = () if (inside.height, inside.width) == (height, width) else (cut,)
    return (None if inside == Crop(0, 0, frame.height, frame.width) else inside), notes


def _read_noise(main: Directory, directory: Directory) -> NoiseProfile | None:
    """Scale and offset pairs: one for all colours, three, or four (R, Gr, Gb, B); None where they can't be used."""
    values = _noise_values(main, directory)
    if len(values) not in (2, 6, 8) or not np.any(values):
        return None
    pairs = np.array(values).reshape(-1, 2)
    if len(pairs) == 4:
        pairs = np.stack([pairs[0], pairs[1:3].mean(axis=0), pairs[3]])
    scale, offset = np.broadcast_to(pairs, (3, 2)).T.tolist()
    return NoiseProfile(tuple(scale), tuple(offset))


def _noise_values(main: Directory, directory: Directory) -> tuple[float, ...]:
    # The specification has it in the mosaic's directory; old writers put it into the first.
    return directory.numbers(NOISE_PROFILE) or main.numbers(NOISE_PROFILE) or ()


def _noise_note(main: Directory, directory: Directory, found: NoiseProfile | None) -> tuple[str, ...]:
    values = _noise_values(main, directory)
    if found is not None or not values:
        return ()
    return (f"NoiseProfile ({_text(values)}) isn't honoured: 2, 6 or 8 numbers that aren't all 0 are needed.",)


def _tag_facts(main: Directory, directory: Directory) -> tuple[FileFact, ...]:
    facts = []
    for tags, use in _USES:
        for tag, name in tags.items():
            owner = directory if tag in directory else main
            if tag in owner:
                value = owner.text(tag) or _numbers_text(owner, tag)
                facts.append(FileFact(name, value, "information" if _is_neutral(owner, tag) else use))
    return tuple(facts)


def _unused(fact: FileFact) -> FileFact:
    return replace(fact, use="not honoured")


def _is_neutral(owner: Directory, tag: int) -> bool:
    if tag not in _NEUTRAL_VALUES:
        return False
    values, neutral = owner.numbers(tag) or (), _NEUTRAL_VALUES[tag]
    return len(values) == len(neutral) and bool(np.allclose(values, neutral, atol=1e-6))


def _numbers_text(owner: Directory, tag: int) -> str:
    try:
        return _text(owner.numbers(tag) or ())
    except RawFormatError:
        # Tables and maps that aren't numbers, or too many.
        return "a table"


def _unhonoured_note(facts: tuple[FileFact, ...]) -> tuple[str, ...]:
    names = dict.fromkeys(
        f"{fact.name} ({fact.value})" if len(fact.value) <= MAX_NOTED else fact.name
        for fact in facts
        if fact.use == "not honoured"
    )
    return (f"The file asks for what isn't honoured: {', '.join(names)}.",) if names else ()


def _name(tag: int) -> str:
    return next(tags[tag] for tags, _ in _USES if tag in tags)


def _text(values: tuple[float, ...]) -> str:
    shown = ", ".join(f"{value:.6g}" for value in values[:MAX_SHOWN])
    return shown if len(values) <= MAX_SHOWN else f"{shown}, … ({len(values)} numbers)"
