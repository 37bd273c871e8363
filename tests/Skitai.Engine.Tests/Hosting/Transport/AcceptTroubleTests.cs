using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Time.Testing;
using Skitai.Engine.Hosting.Transport;
using Skitai.Engine.Tests.Apps;

namespace Skitai.Engine.Tests.Hosting.Transport;

public sealed partial class AcceptTroubleTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Being_out_of_descriptors_is_told_at_once_then_once_a_minute_with_the_count()
    {
        var (log, time) = (new LineLog(), new FakeTimeProvider());
        var trouble = new AcceptTrouble(log, time);
        var fault = new SocketException((int)SocketError.TooManyOpenSockets);

        trouble.Report(fault);
        var first = Assert.Single(log.Lines);
        Assert.StartsWith("[Warning] no connection can be accepted, clients wait: too many open files; this process may have ", first, StringComparison.Ordinal);
        Assert.Contains("LimitNOFILE", first, StringComparison.Ordinal);
        Assert.Contains("since the last such line: 1", first, StringComparison.Ordinal);

        for (var i = 0; i < 59; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            trouble.Report(fault);
        }

        Assert.Single(log.Lines);
        time.Advance(TimeSpan.FromSeconds(1));
        trouble.Report(fault);
        Assert.Equal(2, log.Lines.Count);
        Assert.Contains("since the last such line: 60", log.Lines.Last(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SocketError.ConnectionAborted, true)]
    [InlineData(SocketError.HostUnreachable, true)]
    [InlineData(SocketError.TooManyOpenSockets, false)]
    [InlineData(SocketError.NoBufferSpaceAvailable, false)]
    [InlineData(SocketError.InvalidArgument, false)]
    public void A_client_that_is_gone_is_no_trouble_of_ours(SocketError error, bool ofOneConnection) =>
        Assert.Equal(ofOneConnection, AcceptTrouble.IsOfOneConnection(new SocketException((int)error)));

    [Fact]
    public async Task A_listener_that_cannot_accept_says_so_and_goes_on_when_it_can_again()
    {
        var log = new LineLog();
        using var socket = TransportServer.ListeningSocket();
        await using var listener = TransportServer.Share(socket, log);
        var accepting = await AcceptInVainAsync(socket, listener, log);

        Assert.Equal(0, listen((int)socket.SafeHandle.DangerousGetHandle(), 16));
        await using var same = TransportServer.Share(socket); // knows the port: it is another one after that
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(same.EndPoint, Cancellation);
        await using var connection = await accepting.WaitAsync(Deadline, Cancellation);
        Assert.NotNull(connection);
        Assert.Single(log.Lines);
    }

    [Fact]
    public async Task Unbinding_does_not_wait_for_a_listener_that_cannot_accept()
    {
        var log = new LineLog();
        using var socket = TransportServer.ListeningSocket();
        await using var listener = TransportServer.Share(socket, log);
        var accepting = await AcceptInVainAsync(socket, listener, log);

        await listener.UnbindAsync(Cancellation).AsTask().WaitAsync(Deadline, Cancellation);

        Assert.Null(await accepting.WaitAsync(Deadline, Cancellation));
    }

    /// <summary>Until the socket listens again every accept fails (EINVAL), as it would without a descriptor to be had.</summary>
    /// <returns>The accept that is under way, once its trouble was told.</returns>
    private static async Task<Task<ConnectionContext?>> AcceptInVainAsync(Socket socket, SocketListener listener, LineLog log)
    {
        Assert.Equal(0, shutdown((int)socket.SafeHandle.DangerousGetHandle(), 2));
        var accepting = listener.AcceptAsync(Cancellation).AsTask();
        await TestInstances.UntilAsync(() => log.Lines.Count == 1, "the warning");
        Assert.False(accepting.IsCompleted);
        return accepting;
    }

    [LibraryImport("libc")]
    private static partial int shutdown(int descriptor, int how);

    [LibraryImport("libc")]
    private static partial int listen(int descriptor, int backlog);
}
