"""CRC-32C (Castagnoli), reflected polynomial 0x82F63B78, of many messages at once.

Source: RFC 3720, appendix B.4. TensorBoard stores it masked: rotated right by 15 bits, plus a constant.
"""

import numpy as np
from numpy.typing import NDArray

POLYNOMIAL = 0x82F63B78
MASK_DELTA = 0xA282EAD8


def _make_table() -> NDArray[np.uint32]:
    crc = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        crc = (crc >> np.uint32(1)) ^ np.where(crc & 1, np.uint32(POLYNOMIAL), np.uint32(0))
    return crc


TABLE = _make_table()


def masked_crcs(messages: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """(message,) masked CRC of each of (message, byte)."""
    crc = np.full(len(messages), 0xFFFF_FFFF, np.uint32)
    for column in messages.T:
        crc = TABLE[(crc ^ column) & np.uint32(0xFF)] ^ (crc >> np.uint32(8))
    crc ^= np.uint32(0xFFFF_FFFF)
    rotated: NDArray[np.uint32] = (crc >> np.uint32(15)) | (crc << np.uint32(17))
    return rotated + np.uint32(MASK_DELTA)


def masked_crc(message: bytes) -> int:
    """Masked CRC of one message."""
    return int(masked_crcs(np.frombuffer(message, np.uint8)[None, :])[0])
