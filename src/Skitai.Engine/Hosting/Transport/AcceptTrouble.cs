using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Skitai.Posix;

namespace Skitai.Engine.Hosting.Transport;

/// <summary>
/// Judges why a connection could not be accepted, and says so in server.log when it is not the client's doing: a line a
/// minute while it goes on.
/// </summary>
internal sealed partial class AcceptTrouble(ILogger logger, TimeProvider time)
{
    /// <summary>How long accepting rests after a failure: the clients wait in the kernel's queue, and the processor is left alone.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);

    private long? _toldAt;
    private long _failures;

    /// <summary>
    /// Whether only one connection was lost, so that the next one may do better at once: its client is gone already, or its
    /// network is in trouble (Linux has accept return a connection's pending errors, accept(2)).
    /// </summary>
    public static bool IsOfOneConnection(SocketException fault) => fault.SocketErrorCode is
        SocketError.ConnectionAborted or SocketError.ConnectionReset or SocketError.TimedOut
        or SocketError.NetworkDown or SocketError.NetworkUnreachable or SocketError.HostDown or SocketError.HostUnreachable
        or SocketError.ProtocolNotSupported or SocketError.ProtocolOption or SocketError.OperationNotSupported
        or SocketError.AccessDenied; // a firewall's rule

    /// <summary>Counts a failure and logs it when it is time.</summary>
    public void Report(SocketException fault)
    {
        _failures++;
        if (_toldAt is { } at && time.GetElapsedTime(at) < Silence)
        {
            return;
        }

        LogWaiting(logger, Explain(fault), _failures);
        _failures = 0;
        _toldAt = time.GetTimestamp();
    }

    private static string Explain(SocketException fault) => fault.SocketErrorCode switch
    {
        // .NET has one code for both limits, the process's and the machine's.
        SocketError.TooManyOpenSockets =>
            $"too many open files; this process may have {DescriptorLimit.Current?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "any number"}"
            + " (LimitNOFILE in the systemd unit or 'ulimit -Hn' before the start raises that, [tunefactors] max_connections stays below it;"
            + " sysctl fs.file-max is the limit of the whole machine)",
        SocketError.NoBufferSpaceAvailable => "the kernel is out of memory for sockets (sysctl net.ipv4.tcp_mem, and free memory)",
        _ => fault.Message,
    };

    [LoggerMessage(EventId = 140, Level = LogLevel.Warning,
        Message = "no connection can be accepted, clients wait: {Cause}; tried in vain since the last such line: {Failures}")]
    private static partial void LogWaiting(ILogger logger, string cause, long failures);
}
