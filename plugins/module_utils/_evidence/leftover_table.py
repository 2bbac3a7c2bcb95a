# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left over of remote access from other times: its names, and how it is removed. Data. Private.

Names of programs, units and packages are those of Debian and of the makers, ports those of IANA's registry and of the
makers' manuals; most were not compared with an installation.
"""

from __future__ import annotations

from dataclasses import dataclass

DIAL_UP = "dial-up"
REMOTE_CONTROL = "remote control"
REVERSE_TUNNEL = "reverse tunnel"
CLEAR_LOGIN = "login in clear"
OVERLAY = "overlay network"
SERIAL_LOGIN = "login over a serial line"
MODEM = "modem"
VPN = "other VPN"


@dataclass(frozen=True)
class Leftover:
    """One thing to look for.

    I(programs): names of processes, as the kernel and the command line have them. I(words): texts by which a command
    line is known whose program is an interpreter. I(ports): TCP ports on which nothing else is expected; I(udp) the
    same. I(units): beginnings of names of units. I(remove): what an administrator does about it.
    """

    id: str
    kind: str
    title: str
    programs: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    udp: tuple[int, ...] = ()
    units: tuple[str, ...] = ()
    remove: str = ""


def _package(*names: str) -> str:
    return f"remove the package{'s' if len(names) > 1 else ''} {', '.join(names)}"


LEFTOVERS: tuple[Leftover, ...] = (
    Leftover("pppd", DIAL_UP, "PPP", ("pppd",), units=("pppd",), remove=_package("ppp")),
    Leftover("wvdial", DIAL_UP, "wvdial", ("wvdial",), remove=_package("wvdial")),
    Leftover(
        "mgetty",
        DIAL_UP,
        "mgetty, which answers modems",
        ("mgetty", "vgetty"),
        units=("mgetty",),
        remove=_package("mgetty", "mgetty-voice"),
    ),
    Leftover(
        "pptpd",
        DIAL_UP,
        "PPTP",
        ("pptpd", "pptp", "pptpctrl"),
        ports=(1723,),
        units=("pptpd",),
        remove=_package("pptpd", "pptp-linux"),
    ),
    Leftover("xl2tpd", DIAL_UP, "L2TP", ("xl2tpd",), udp=(1701,), units=("xl2tpd",), remove=_package("xl2tpd")),
    Leftover(
        "hylafax",
        DIAL_UP,
        "HylaFAX, which answers modems",
        ("faxgetty", "hfaxd", "faxq"),
        units=("hylafax",),
        remove=_package("hylafax-server"),
    ),
    Leftover(
        "modemmanager",
        DIAL_UP,
        "ModemManager",
        ("ModemManager",),
        units=("ModemManager",),
        remove=_package("modemmanager"),
    ),
    Leftover(
        "isdn",
        DIAL_UP,
        "ISDN",
        ("isdnlog", "ipppd", "capiinit", "vboxgetty"),
        units=("isdn",),
        remove=_package("isdnutils-base", "capiutils"),
    ),
    Leftover(
        "vnc",
        REMOTE_CONTROL,
        "VNC",
        (
            "x11vnc",
            "Xvnc",
            "Xtigervnc",
            "Xtightvnc",
            "x0vncserver",
            "X0tigervnc",
            "vncserver-x11",
            "vncserver-x11-serviced",
            "vino-server",
            "krfb",
            "wayvnc",
            "x0tigervncserver",
        ),
        ports=tuple(range(5900, 5910)),
        units=("x11vnc", "vncserver", "tigervncserver", "x0vncserver", "wayvnc"),
        remove=_package("x11vnc", "tigervnc-standalone-server", "tigervnc-scraping-server", "vino", "krfb"),
    ),
    Leftover(
        "rdp",
        REMOTE_CONTROL,
        "RDP",
        ("xrdp", "xrdp-sesman", "gnome-remote-desktop-daemon"),
        ports=(3389,),
        units=("xrdp", "gnome-remote-desktop"),
        remove=_package("xrdp", "gnome-remote-desktop"),
    ),
    Leftover(
        "teamviewer",
        REMOTE_CONTROL,
        "TeamViewer",
        ("teamviewerd", "TeamViewer"),
        ports=(5938,),
        units=("teamviewerd",),
        remove=_package("teamviewer", "teamviewer-host"),
    ),
    Leftover("anydesk", REMOTE_CONTROL, "AnyDesk", ("anydesk",), units=("anydesk",), remove=_package("anydesk")),
    Leftover(
        "rustdesk",
        REMOTE_CONTROL,
        "RustDesk",
        ("rustdesk", "hbbs", "hbbr"),
        units=("rustdesk",),
        remove=_package("rustdesk"),
    ),
    Leftover(
        "screenconnect",
        REMOTE_CONTROL,
        "ScreenConnect",
        words=("screenconnect", "connectwisecontrol"),
        units=("connectwisecontrol", "screenconnect"),
        remove="uninstall it with the maker's uninstall.sh",
    ),
    Leftover(
        "nomachine",
        REMOTE_CONTROL,
        "NoMachine",
        ("nxserver.bin", "nxnode.bin", "nxd"),
        units=("nxserver",),
        remove=_package("nomachine"),
    ),
    Leftover(
        "meshagent",
        REMOTE_CONTROL,
        "MeshCentral",
        ("meshagent",),
        units=("meshagent",),
        remove="run meshagent -fulluninstall",
    ),
    Leftover(
        "dwagent",
        REMOTE_CONTROL,
        "DWService",
        words=("dwagent",),
        units=("dwagent",),
        remove="run /usr/share/dwagent/native/uninstall",
    ),
    Leftover(
        "chrome",
        REMOTE_CONTROL,
        "Chrome Remote Desktop",
        ("chrome-remote-desktop", "chrome-remote-desktop-host"),
        units=("chrome-remote-desktop",),
        remove=_package("chrome-remote-desktop"),
    ),
    Leftover(
        "splashtop",
        REMOTE_CONTROL,
        "Splashtop",
        ("SRStreamer", "SRStreamerDaemon", "SRFeature"),
        units=("SRStreamer",),
        remove=_package("splashtop-streamer"),
    ),
    Leftover(
        "telnet",
        CLEAR_LOGIN,
        "telnet",
        ("telnetd", "in.telnetd", "utelnetd"),
        ports=(23,),
        units=("telnet", "inetutils-telnet"),
        remove=_package("telnetd", "inetutils-telnetd"),
    ),
    Leftover(
        "rsh",
        CLEAR_LOGIN,
        "rsh, rlogin, rexec",
        ("in.rshd", "in.rlogind", "in.rexecd", "rshd", "rlogind", "rexecd"),
        ports=(512, 513, 514),
        units=("rsh", "rlogin", "rexec"),
        remove=_package("rsh-server", "rsh-redone-server"),
    ),
    Leftover("autossh", REVERSE_TUNNEL, "autossh", ("autossh",), units=("autossh",), remove=_package("autossh")),
    Leftover(
        "ssh_remote",
        REVERSE_TUNNEL,
        "a port that ssh takes on another host and leads here",
        remove="end it, and remove what starts it (a unit, a crontab, RemoteForward in ssh_config)",
    ),
    Leftover(
        "sshd_forward",
        REVERSE_TUNNEL,
        "a port that sshd took for a session and leads to the other side",
        remove="end the session, and set AllowTcpForwarding local or no in sshd_config",
    ),
    Leftover(
        "cloudflared",
        REVERSE_TUNNEL,
        "Cloudflare Tunnel",
        ("cloudflared",),
        units=("cloudflared",),
        remove=_package("cloudflared"),
    ),
    Leftover("ngrok", REVERSE_TUNNEL, "ngrok", ("ngrok",), units=("ngrok",), remove="run ngrok service uninstall"),
    Leftover("frp", REVERSE_TUNNEL, "frp", ("frpc", "frps"), units=("frpc", "frps"), remove="remove the program"),
    Leftover("chisel", REVERSE_TUNNEL, "chisel", ("chisel",), units=("chisel",), remove=_package("chisel")),
    Leftover(
        "other_tunnel",
        REVERSE_TUNNEL,
        "a tunnel",
        ("bore", "rathole", "gost", "iodine", "iodined", "sshuttle"),
        units=("bore", "rathole", "gost", "iodine", "sshuttle"),
        remove="remove the program",
    ),
    Leftover("tailscale", OVERLAY, "Tailscale", ("tailscaled",), units=("tailscaled",), remove=_package("tailscale")),
    Leftover(
        "zerotier", OVERLAY, "ZeroTier", ("zerotier-one",), units=("zerotier-one",), remove=_package("zerotier-one")
    ),
    Leftover("netbird", OVERLAY, "NetBird", ("netbird",), units=("netbird",), remove=_package("netbird")),
    Leftover("nebula", OVERLAY, "Nebula", ("nebula",), units=("nebula",), remove=_package("nebula")),
    Leftover(
        "hamachi",
        OVERLAY,
        "LogMeIn Hamachi",
        ("hamachid",),
        units=("logmein-hamachi",),
        remove=_package("logmein-hamachi"),
    ),
    Leftover(
        "softether",
        VPN,
        "SoftEther",
        ("vpnserver", "vpnbridge", "vpnclient"),
        units=("vpnserver", "vpnbridge", "softether"),
        remove=_package("softether-vpnserver", "softether-vpnclient"),
    ),
    Leftover(
        "vpn_client",
        VPN,
        "a VPN client",
        ("openconnect", "vpnc", "openfortivpn"),
        remove=_package("openconnect", "vpnc", "openfortivpn"),
    ),
    Leftover("wireguard", VPN, "WireGuard", units=("wg-quick@",), remove="remove its configuration in /etc/wireguard"),
    Leftover(
        "serial_getty",
        SERIAL_LOGIN,
        "a login over a serial line",
        units=("serial-getty@",),
        remove="stop, disable and mask its unit, so that no login is offered there",
    ),
    Leftover("modem", MODEM, "a modem", remove="take it out, or have it switched off in the firmware"),
    Leftover(
        "interface",
        VPN,
        "an interface of a VPN that the site doesn't declare",
        remove="find out who made it, and end that; or declare it as an interface of a firewall",
    ),
)

BY_ID = {one.id: one for one in LEFTOVERS}
BY_PROGRAM = {name: one for one in LEFTOVERS for name in one.programs}
BY_PORT = {
    (protocol, port): one
    for one in LEFTOVERS
    for protocol, ports in (("tcp", one.ports), ("udp", one.udp))
    for port in ports
}
