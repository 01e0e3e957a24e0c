"""The app's settings: environment variables, read when first needed and checked once.

Importing the app needs none of them. A setting that is missing or invalid is an error where it is first needed; the
text names the setting and the values that it can have. ``table.py`` declares them all.
"""

from __future__ import annotations

from shared.platform.settings.environment import add_to_environment, azure_variable
from shared.platform.settings.setting import SettingError
from shared.platform.settings.table import ROLES, Settings
from shared.platform.settings.urls import on_loopback

__all__ = ["ROLES", "SettingError", "Settings", "add_to_environment", "azure_variable", "on_loopback"]
