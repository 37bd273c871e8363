using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Skitaid.Supervision;

/// <summary>
/// Tells the service manager how the daemon does: the sd_notify protocol, datagrams to the socket that NOTIFY_SOCKET
/// names. Without that variable nothing is sent; nor does trouble with it trouble the daemon.
/// </summary>
internal sealed class ServiceNotice
{
    private const string Variable = "NOTIFY_SOCKET";

    private readonly UnixDomainSocketEndPoint? _to;

    private ServiceNotice(UnixDomainSocketEndPoint? to) => _to = to;

    /// <summary>Takes the variable out of the environment, so that no child speaks in the daemon's name.</summary>
    public static ServiceNotice Take()
    {
        var path = Environment.GetEnvironmentVariable(Variable);
        Environment.SetEnvironmentVariable(Variable, null);
        try
        {
            // A leading @ stands for the NUL of an abstract address.
            return new(string.IsNullOrEmpty(path) || path[0] is not ('/' or '@') ? null : new(path[0] == '@' ? '\0' + path[1..] : path));
        }
        catch (ArgumentOutOfRangeException)
        {
            return new(null); // longer than an address can be
        }
    }

    /// <summary>It serves.</summary>
    public void Ready(string status) => Send($"READY=1\nSTATUS={status}");

    /// <summary>It takes up changed confs; <see cref="Ready"/> ends that.</summary>
    public void Reloading()
    {
        var microseconds = Stopwatch.GetElapsedTime(0).Ticks / TimeSpan.TicksPerMicrosecond; // CLOCK_MONOTONIC
        Send(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={microseconds}"));
    }

    /// <summary>It is about to end.</summary>
    public void Stopping() => Send("STOPPING=1");

    private void Send(string state)
    {
        if (_to is null)
        {
            return;
        }

        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
            socket.SendTo(Encoding.UTF8.GetBytes(state), _to);
        }
        catch (SocketException)
        {
            // Nobody there; the service manager has its own time limits.
        }
    }
}
