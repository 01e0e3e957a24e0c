"""The emulator's certificate: self-signed, for this machine only.

azure-identity takes only https authorities, and azure-core sends tokens only over https. A process trusts the
certificate when OpenSSL's variable SSL_CERT_FILE names its file before the first connection.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LIFETIME = timedelta(days=365)
RENEWED = timedelta(days=30)  # before it expires
DNS_NAMES = ("localhost", "emulator.asm.skype.com")  # the second is the host that recordings are announced under


def ensure(path: Path) -> Path:
    """Key and certificate in one PEM file; made unless a good one is there. Returns its absolute path."""
    path = path.absolute()
    if not _is_good(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)  # readable for its owner only
        with os.fdopen(handle, "wb") as file:
            file.write(_generated())
        Path(name).replace(path)  # atomic: a reader sees the old file or the new one
    return path


def context(path: Path) -> ssl.SSLContext:
    """For a server that presents the certificate."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(path)
    return made


def _is_good(path: Path) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return False
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    there = names.get_values_for_type(x509.DNSName)
    return certificate.not_valid_after_utc - datetime.now(UTC) > RENEWED and set(DNS_NAMES) <= set(there)


def _generated() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Teams Phone Functions emulator")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([*map(x509.DNSName, DNS_NAMES), x509.IPAddress(ip_address("127.0.0.1"))])
    # OpenSSL trusts a file of certificates; from Python 3.13 on it also wants of an authority what RFC 5280 demands.
    usage = {"digital_signature": True, "key_cert_sign": True}
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign")
    rest = {**dict.fromkeys((*others, "encipher_only", "decipher_only"), False)}
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**usage, **rest), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return certificate.public_bytes(serialization.Encoding.PEM) + private
