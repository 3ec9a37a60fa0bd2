"""What columns of tables usually go by."""

from __future__ import annotations

import re


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# what each part usually goes by, best first; "y" is left out, since beside "x" it is as often a coordinate
USUAL = {
    "sequence": _words(
        "sequence sequence_id seq seq_id series series_id id unique_id case_id case caseid "
        "case:concept:name trace trace_id sentence sentence_id sentence_# session session_id trial "
        "trial_id trajectory trajectory_id episode episode_id user_id user userid patient_id patient "
        "person person_id pidp xwaveid subject_id subject participant participant_id song song_id "
        "document document_id doc doc_id game game_id match match_id video video_id utterance "
        "utterance_id vehicle vehicle_id machine machine_id customer customer_id device_id unit "
        "unit_id engine run run_id track_id trip_id recording recording_id sample_id sid uid pid "
        "record_id subjid usubjid ptid respondent_id student_id animal_id hhid subj subj_id subj_no "
        "subj_nr participant_no mrn medical_record_number hadm_id admission_id loan_id policy_id "
        "contract_id ptnum patno patid subjno individual mmsi flight_id store_id station_id stay_id "
        "encounter_id conversation_id thread_id account_id member_id player_id ticker ip ip_address "
        "client_ip host"
    ),
    "order": _words(
        "order step time t timestamp time:timestamp datetime date position pos ds ts index idx frame tick "
        "event_time start_time time_stamp created_at recorded_at token_id turn cycle visit minute second "
        "hour day week month quarter year start onset begin tstart time0 yr days weeks months years hours "
        "minutes seconds age datum zeit zeitpunkt stunde woche monat jahr jour heure semaine mois annee "
        "fecha hora dia semana mes ano"
    ),
    "target": _words("target label class tag ner_tag outcome"),
    "group": _words("group groups subject subject_id"),
}

#: Names of sequences that are as often those of something that changes from step to step.
WEAK = ("unit", "series", "run", "trial", "sample_id", "host", "pid", "sid")

#: Names of orders that are as often those of something that is measured.
WEAK_ORDERS = _words("days weeks months years hours minutes seconds age")

#: Names of sequences if the rows of each stand together, and else of one attribute of many.
PLACES = _words(
    "country country_name location location_id site site_id station station_id station_name sensor_id city "
    "chrom chromosome seqid contig symbol"
)


# systems of codes, of medicine and trades above all: their numbers are names
_CODES = re.compile(
    r"(?:^|[_. -])(?:icd(?:[_-]?(?:9|10))?(?:cm|pcs)?|diagnos[ei]s|atc|ndc|cpt|hcpcs|loinc|snomed|naics)"
    r"(?:[_. -]?[0-9]{1,2})?(?:$|[_. -])",
    re.IGNORECASE,
)


_WHOLE = {name.replace("_", ""): name for names in USUAL.values() for name in names if "_" in name}
#: What tells how often a row stands for, and is nothing to predict.
OFTEN = _words("n count counts freq frequency weight weights cnt")


# a time and the unit or zone that it is in
_OF_TIME = re.compile(
    r"^(time|timestamp|datetime|t|zeit|date)_?[_\[(]"
    r"(?:s|secs?|seconds?|ms|msecs?|us|µs|usecs?|ns|min|minutes?|h|hrs?|hours?|d|days?|utc|gmt|local|unix|epoch)"
    r"[\])]?$"
)


_SERIAL = re.compile(
    r"(?:(?:row|line|rec|record|entry|event|log|seq|sequence|serial|sample|obs|observation|item|trans|msg|message|"
    r"scan|frame|step|trial|reading|measurement)s?_?)?(?:id|no|nr|num|number|index|idx|counter|count|#)?"
)


def normal(name: str) -> str:
    """Return a name as usual names are written: ``deviceID`` as ``device_id``, ``Time [ms]`` as ``time``."""
    written = _OF_TIME.sub(r"\1", re.sub(r"[ .-]", "_", name.strip().lower()))
    return _WHOLE.get(written, written)


def is_code(name: str) -> bool:
    """Whether a name is one of codes: ``item_id``, ``movieId``, ``zip_code``, ``icd9``, ``diagnosis``."""
    text = name.strip()
    ends = re.search(r"(?:(?:^|[_. -])code|[_. -](?:id|nr|no)|[a-z](?:Id|ID|Code)|[_ ]zip)$", text)
    return ends is not None or _CODES.search(text) is not None


def is_serial(name: str) -> bool:
    """Whether a name is one of serial numbers: ``id``, ``row_no``, ``Sample``, ``log_id``, ``index``."""
    return _SERIAL.fullmatch(normal(name)) is not None


def are_columns(names: list[str]) -> bool:
    """Whether names of lists of one length are of columns, and not of sequences, which are numbered."""
    usual = any(normal(name) in USUAL[part] for name in names for part in USUAL)
    stems = {re.sub("[0-9]+$", "", name) for name in names}
    numbered = len(stems) == 1 and all(name[-1:].isdigit() for name in names)
    return len(names) > 1 and (usual or not numbered)


def listing(names: list[str], most: int = 12) -> str:
    """Return names in quotes, of many the first and the last ones."""
    quoted = [repr(name) for name in names]
    if len(names) <= most:
        return ", ".join(quoted)
    return f"{', '.join(quoted[: most - 2])}, ... {quoted[-1]} ({len(names)} in all)"
