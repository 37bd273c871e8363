using System.Buffers;

namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>Carries bytes both ways between a client and a member whose connection has been upgraded (RFC 9110 section 7.8).</summary>
internal static class Tunnel
{
    private const int Piece = 16 * 1024;

    /// <summary>Ends when one side has ended its own or is lost, or nothing has moved for too long.</summary>
    /// <param name="client">The client's side.</param>
    /// <param name="member">The member's side.</param>
    /// <param name="idle">How long neither may send anything; zero = for ever.</param>
    /// <param name="counts">Hears of bytes: from the client, from the member.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Ends it at once.</param>
    public static async Task RunAsync(Stream client, Stream member, TimeSpan idle, Action<int, int> counts, TimeProvider time, CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var silence = new CancellationTokenSource(idle > TimeSpan.Zero ? idle : Timeout.InfiniteTimeSpan, time);
        await using var ends = silence.Token.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), over);
        var up = PumpAsync(client, member, count => Moved(count, 0), over.Token);
        var down = PumpAsync(member, client, count => Moved(0, count), over.Token);
        await Task.WhenAny(up, down);
        await over.CancelAsync(); // Kestrel's stream cannot end one direction alone, so the end of one is that of both
        await Task.WhenAll(up, down);

        void Moved(int fromClient, int fromMember)
        {
            counts(fromClient, fromMember);
            if (idle > TimeSpan.Zero)
            {
                silence.CancelAfter(idle);
            }
        }
    }

    private static async Task PumpAsync(Stream from, Stream to, Action<int> moved, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Piece);
        try
        {
            while (await from.ReadAsync(buffer, cancellation) is > 0 and var count)
            {
                moved(count);
                await to.WriteAsync(buffer.AsMemory(0, count), cancellation);
                await to.FlushAsync(cancellation);
            }
        }
        catch (Exception lost) when (lost is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // One of them is lost, or the other direction is over.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
