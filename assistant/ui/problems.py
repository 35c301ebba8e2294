"""Errors on their way to the page: a status and one sentence in JSON."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from assistant.errors import LibraryError, ModelError, NotFoundError, OwnhandError, SettingsError, StorageError

UNEXPECTED = "Something went wrong here; the details are in the window where the app was started. Try again."


def explain_problems(app: FastAPI) -> None:
    """Answer errors meant for people with their message, and all others (which the server logs) without detail."""

    @app.exception_handler(OwnhandError)
    def known(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": str(error)}, status_code=_status(error))

    @app.exception_handler(RequestValidationError)
    def malformed(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": f"The request does not fit: {_first_fault(error)}"}, status_code=422)

    @app.exception_handler(Exception)
    def unknown(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": UNEXPECTED}, status_code=500)


def _status(error: Exception) -> int:
    match error:
        case NotFoundError():
            return 404
        case StorageError():
            return 507
        case LibraryError() | ModelError() | SettingsError():
            return 422
        case _:
            return 500


def _first_fault(error: Exception) -> str:
    if not isinstance(error, RequestValidationError):
        return str(error)
    fault = error.errors()[0]
    place = ".".join(str(part) for part in fault["loc"][1:])
    if fault["type"] == "string_too_long":
        return f"the {place} is longer than {fault['ctx']['max_length']:,} characters: shorten it, or split it in two"
    return f"{place}: {fault['msg']}"
