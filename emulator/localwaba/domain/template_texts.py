"""Texts of templates that the platform fixes: languages, authentication bodies, the sample template."""

from __future__ import annotations

from typing import Any

import msgspec

# Codes that a template may have, and the names that messages use for them (supported languages, 2026).
LANGUAGES: dict[str, str] = {
    "af": "Afrikaans",
    "sq": "Albanian",
    "ar": "Arabic",
    "ar_AE": "Arabic (UAE)",
    "ar_EG": "Arabic (EGY)",
    "ar_LB": "Arabic (LBN)",
    "ar_MA": "Arabic (MAR)",
    "ar_QA": "Arabic (QAT)",
    "ar_SA": "Arabic (SAU)",
    "az": "Azerbaijani",
    "be_BY": "Belarusian",
    "bn": "Bengali",
    "bn_IN": "Bengali (IND)",
    "bg": "Bulgarian",
    "ca": "Catalan",
    "zh_CN": "Chinese (CHN)",
    "zh_HK": "Chinese (HKG)",
    "zh_TW": "Chinese (TAI)",
    "hr": "Croatian",
    "cs": "Czech",
    "da": "Danish",
    "prs_AF": "Dari",
    "nl": "Dutch",
    "nl_BE": "Dutch (BEL)",
    "en": "English",
    "en_AE": "English (UAE)",
    "en_AU": "English (AUS)",
    "en_CA": "English (CAN)",
    "en_GB": "English (UK)",
    "en_GH": "English (GHA)",
    "en_IE": "English (IRL)",
    "en_IN": "English (IND)",
    "en_JM": "English (JAM)",
    "en_MY": "English (MYS)",
    "en_NZ": "English (NZL)",
    "en_QA": "English (QAT)",
    "en_SG": "English (SGP)",
    "en_UG": "English (UGA)",
    "en_US": "English (US)",
    "en_ZA": "English (ZAF)",
    "et": "Estonian",
    "fil": "Filipino",
    "fi": "Finnish",
    "fr": "French",
    "fr_BE": "French (BEL)",
    "fr_CA": "French (CAN)",
    "fr_CH": "French (CHE)",
    "fr_CI": "French (CIV)",
    "fr_MA": "French (MAR)",
    "ka": "Georgian",
    "de": "German",
    "de_AT": "German (AUT)",
    "de_CH": "German (CHE)",
    "el": "Greek",
    "gu": "Gujarati",
    "ha": "Hausa",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "ga": "Irish",
    "it": "Italian",
    "ja": "Japanese",
    "kn": "Kannada",
    "kk": "Kazakh",
    "rw_RW": "Kinyarwanda",
    "ko": "Korean",
    "ky_KG": "Kyrgyz (Kyrgyzstan)",
    "lo": "Lao",
    "lv": "Latvian",
    "lt": "Lithuanian",
    "mk": "Macedonian",
    "ms": "Malay",
    "ml": "Malayalam",
    "mr": "Marathi",
    "nb": "Norwegian",
    "ps_AF": "Pashto",
    "fa": "Persian",
    "pl": "Polish",
    "pt_BR": "Portuguese (BR)",
    "pt_PT": "Portuguese (POR)",
    "pa": "Punjabi",
    "ro": "Romanian",
    "ru": "Russian",
    "sr": "Serbian",
    "si_LK": "Sinhala",
    "sk": "Slovak",
    "sl": "Slovenian",
    "es": "Spanish",
    "es_AR": "Spanish (ARG)",
    "es_CL": "Spanish (CHL)",
    "es_CO": "Spanish (COL)",
    "es_CR": "Spanish (CRI)",
    "es_DO": "Spanish (DOM)",
    "es_EC": "Spanish (ECU)",
    "es_ES": "Spanish (SPA)",
    "es_HN": "Spanish (HND)",
    "es_MX": "Spanish (MEX)",
    "es_PA": "Spanish (PAN)",
    "es_PE": "Spanish (PER)",
    "es_UY": "Spanish (URY)",
    "es_VE": "Spanish (VEN)",
    "sw": "Swahili",
    "sv": "Swedish",
    "ta": "Tamil",
    "te": "Telugu",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "uz": "Uzbek",
    "vi": "Vietnamese",
    "zu": "Zulu",
}


class AuthenticationTexts(msgspec.Struct, frozen=True):
    """The fixed texts of authentication templates in one language; `expiry` has `{minutes}` in it."""

    body: str
    recommendation: str
    expiry: str
    copy: str
    autofill: str


# en_US and es_ES are captured from the previews of the platform; the others say the same in our own words.
_AUTHENTICATION: dict[str, AuthenticationTexts] = {
    "en": AuthenticationTexts(
        "*{{1}}* is your verification code.",
        " For your security, do not share this code.",
        "This code expires in {minutes} minutes.",
        "Copy code",
        "Autofill",
    ),
    "es": AuthenticationTexts(
        "Tu código de verificación es *{{1}}*.",
        " Por tu seguridad, no lo compartas.",
        "Este código caduca en {minutes} minutos.",
        "Copiar código",
        "Autocompletar",
    ),
    "pt": AuthenticationTexts(
        "Seu código de verificação é *{{1}}*.",
        " Para sua segurança, não o compartilhe.",
        "Este código expira em {minutes} minutos.",
        "Copiar código",
        "Preencher automaticamente",
    ),
    "fr": AuthenticationTexts(
        "*{{1}}* est votre code de vérification.",
        " Pour votre sécurité, ne le partagez pas.",
        "Ce code expire dans {minutes} minutes.",
        "Copier le code",
        "Remplir",
    ),
    "de": AuthenticationTexts(
        "*{{1}}* ist dein Bestätigungscode.",
        " Teile diesen Code zu deiner Sicherheit nicht.",
        "Dieser Code läuft in {minutes} Minuten ab.",
        "Code kopieren",
        "Automatisch ausfüllen",
    ),
    "it": AuthenticationTexts(
        "*{{1}}* è il tuo codice di verifica.",
        " Per la tua sicurezza, non condividerlo.",
        "Questo codice scade tra {minutes} minuti.",
        "Copia codice",
        "Compila automaticamente",
    ),
    "nl": AuthenticationTexts(
        "*{{1}}* is je verificatiecode.",
        " Deel deze code niet, voor je eigen veiligheid.",
        "Deze code verloopt over {minutes} minuten.",
        "Code kopiëren",
        "Automatisch invullen",
    ),
    "id": AuthenticationTexts(
        "*{{1}}* adalah kode verifikasi Anda.",
        " Demi keamanan, jangan bagikan kode ini.",
        "Kode ini kedaluwarsa dalam {minutes} menit.",
        "Salin kode",
        "Isi otomatis",
    ),
}

CODE_EXAMPLE = "123456"

HELLO_WORLD: list[dict[str, Any]] = [
    {"type": "HEADER", "format": "TEXT", "text": "Hello World"},
    {
        "type": "BODY",
        "text": (
            "Welcome and congratulations!! This message demonstrates your ability to send a message "
            "notification from WhatsApp Business Platform’s Cloud API. Thank you for taking the time to test "
            "with us."
        ),
    },
    {"type": "FOOTER", "text": "WhatsApp Business API Team"},
]


def language_name(code: str) -> str:
    """The English name that messages use for a language, the code itself where there is none."""
    return LANGUAGES.get(code, code)


def authentication_texts(language: str) -> AuthenticationTexts:
    """The fixed texts for a template's language; English where none are known."""
    return _AUTHENTICATION.get(language.partition("_")[0], _AUTHENTICATION["en"])


def authentication_body(language: str, recommendation: bool) -> str:
    """The body of an authentication template, with `{{1}}` for the code."""
    texts = authentication_texts(language)
    return texts.body + (texts.recommendation if recommendation else "")


def authentication_footer(language: str, minutes: int) -> str:
    """The footer that says when the code expires."""
    return authentication_texts(language).expiry.format(minutes=minutes)
