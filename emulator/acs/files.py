"""Operations on recording files: downloaded and deleted at the addresses that RecordingFileStatusUpdated gives."""

from __future__ import annotations

from emulator.acs.errors import not_found
from emulator.acs.file_store import StoredFile
from emulator.acs.messages import Answer, Request
from emulator.acs.service import Service


def download(service: Service, request: Request) -> Answer:
    file, part = _find(service, request), request.params["part"]
    if part == "acsmetadata":
        return Answer(file=file.metadata)
    if part not in ("audio", "video"):
        raise _gone()
    if file.zero_byte_downloads > 0:
        file.zero_byte_downloads -= 1
        return Answer(content_type="audio/wav")
    return Answer(file=file.audio, content_type="audio/wav")


def delete(service: Service, request: Request) -> Answer:
    service.files.delete(_find(service, request).document_id)
    return Answer()


def _find(service: Service, request: Request) -> StoredFile:
    if file := service.files.find(request.params["documentId"]):
        return file
    raise _gone()


def _gone() -> Exception:
    return not_found("There is no such recording file; files are deleted after 24 hours.")
