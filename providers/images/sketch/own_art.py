"""Drawings of our own for things the clip art lacks, on the same 32×32 grid."""

from __future__ import annotations

OWN_ART: dict[str, str] = {
    "lighthouse": (
        '<path d="M11 29 12.6 11h6.8L21 29z" fill="#f2efe6"/><path d="M12.15 16h7.7l.5 4.4h-8.7zM11.5 24h9l.4 4H11.1z" fill="#c8352b"/>'
        '<rect x="11.4" y="9.6" width="9.2" height="1.6" rx=".5" fill="#3b3f4a"/><rect x="13.2" y="5.6" width="5.6" height="4" fill="#ffe9a3"/>'
        '<path d="M15.3 5.6h1.4v4h-1.4z" fill="#3b3f4a"/><path d="M12.6 5.8 16 2.4l3.4 3.4z" fill="#a62c24"/>'
        '<path d="M18.8 6.4 31 3.6v6.6L18.8 8.6zM13.2 6.4 1 3.6v6.6l12.2-1.6z" fill="#ffe9a3" opacity=".38"/>'
        '<rect x="14.6" y="25" width="2.8" height="4" rx="1.3" fill="#4a3b33"/><path d="M7 30c2-2 16-2 18 0z" fill="#6d6a66"/>'
    ),
    "sword": (
        '<path d="m24.5 3-.6 4.6L12.6 19 10 16.4 21.3 5.1z" fill="#cfd6dd"/><path d="m23.9 4.4-12.6 12.6 1.3 1.3L23.9 7z" fill="#eef2f5"/>'
        '<path d="m7.6 15.6 5.8 5.8-1.5 1.5-5.8-5.8z" fill="#c79a3a"/><path d="m8.3 19.6 2.1 2.1L6.3 26l-2.2-2.2z" fill="#6b4327"/><circle cx="4.9" cy="25.2" r="1.7" fill="#c79a3a"/>'
    ),
    "table": '<rect x="3" y="13" width="26" height="3.4" rx="1" fill="#9a6538"/><path d="M6 16.4h3V28H6zM23 16.4h3V28h-3z" fill="#7b4d28"/>',
    "window": '<rect x="6" y="4" width="20" height="24" rx="1.5" fill="#7b4d28"/><rect x="8" y="6" width="16" height="20" fill="#bfe3f2"/><path d="M15.2 6h1.6v20h-1.6zM8 15.2h16v1.6H8z" fill="#7b4d28"/>',
    "knight": (
        '<path d="M8 29c0-5 3.4-8 8-8s8 3 8 8z" fill="#8d97a3"/><path d="M9.5 12a6.5 7.5 0 0 1 13 0v6a6.5 5 0 0 1-13 0z" fill="#aab4bf"/>'
        '<path d="M11 12.4h10v1.7H11z" fill="#2c3038"/><path d="M15.3 14h1.4v8h-1.4z" fill="#7d8793"/><path d="M16 5c1-3 5-3.6 6.4-1.6C20 3 18.4 4.6 17.4 6.4z" fill="#c8352b"/>'
    ),
    "pier": '<path d="M2 18h28v2.6H2z" fill="#8a5a34"/><path d="M5 20.6h2V30H5zM14 20.6h2V30h-2zM24 20.6h2V30h-2z" fill="#6b4327"/>',
    "bookshelf": (
        '<rect x="4" y="3" width="24" height="27" rx="1" fill="#7b4d28"/><path d="M6 5h20v7H6zM6 14h20v7H6zM6 23h20v5H6z" fill="#4a2d17"/>'
        '<path d="M7 6h2v6H7zM10 6h3v6h-3zM20 6h2v6h-2zM8 15h3v6H8zM17 15h2v6h-2zM21 23.5h3V28h-3z" fill="#c8352b"/>'
        '<path d="M14 7h2v5h-2zM23 6h2v6h-2zM12 15h2v6h-2zM22 16h2v5h-2zM8 24h4v4H8z" fill="#d9a520"/><path d="M17 6h2v6h-2zM15 15h1v6h-1zM14 24h3v4h-3z" fill="#3a6fd8"/>'
    ),
}  # fmt: skip
OWN_ART["library"] = OWN_ART["bookshelf"]
