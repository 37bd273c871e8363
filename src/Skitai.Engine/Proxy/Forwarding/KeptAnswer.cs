using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>
/// An answer that is kept in case that no other member has a better one. When it is small and has come whole, its connection
/// is given back; else it holds on to that.
/// </summary>
internal sealed class KeptAnswer : MemberAnswer
{
    /// <summary>The largest body that is copied, in bytes.</summary>
    private const int MostCopied = 16 * 1024;

    private readonly MemberAnswer? _rest;
    private ReadOnlyMemory<byte> _copied;

    private KeptAnswer(MemberAnswer answer, ReadOnlyMemory<byte> copied, bool isWhole)
    {
        (Status, Reason, BodyLength, _copied) = (answer.Status, answer.Reason, answer.BodyLength, copied);
        if (!isWhole)
        {
            _rest = answer;
            Headers = answer.Headers;
            return;
        }

        Headers = new HeaderList();
        Headers.AddAll(answer.Headers);
        if (answer.Trailers is { } trailers)
        {
            Trailers = new HeaderList();
            Trailers.AddAll(trailers);
        }
    }

    /// <summary>Whether the member's connection is still this answer's.</summary>
    public bool HoldsConnection => _rest is not null;

    /// <inheritdoc/>
    public override int Status { get; }

    /// <inheritdoc/>
    public override string? Reason { get; }

    /// <inheritdoc/>
    public override HeaderList Headers { get; }

    /// <inheritdoc/>
    public override long BodyLength { get; }

    /// <inheritdoc/>
    public override HeaderList? Trailers => _rest is null ? field : _rest.Trailers;

    /// <summary>Keeps an answer, of which nothing was read yet. That one is this one's from here on.</summary>
    public static async ValueTask<KeptAnswer> TakeAsync(MemberAnswer answer)
    {
        byte[] copied = [];
        var count = 0;
        var isWhole = false;
        while (answer.BodyLength <= MostCopied && count <= MostCopied && answer.TryRead(out var piece))
        {
            if (piece.IsEmpty)
            {
                isWhole = true;
                break;
            }

            if (copied.Length < count + piece.Length)
            {
                Array.Resize(ref copied, (int)Math.Max(count + piece.Length, answer.BodyLength));
            }

            piece.CopyTo(copied.AsMemory(count));
            count += piece.Length;
        }

        var kept = new KeptAnswer(answer, copied.AsMemory(0, count), isWhole);
        if (isWhole)
        {
            await answer.DisposeAsync();
        }

        return kept;
    }

    /// <inheritdoc/>
    public override ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellation) =>
        _copied.IsEmpty && _rest is not null ? _rest.ReadAsync(cancellation) : new ValueTask<ReadOnlyMemory<byte>>(TakeCopied());

    /// <inheritdoc/>
    public override bool TryRead(out ReadOnlyMemory<byte> bytes)
    {
        if (_copied.IsEmpty && _rest is not null)
        {
            return _rest.TryRead(out bytes);
        }

        bytes = TakeCopied();
        return true;
    }

    /// <inheritdoc/>
    public override void BePatient(TimeSpan idleTimeout) => _rest?.BePatient(idleTimeout);

    /// <inheritdoc/>
    public override Stream TakeTunnel() => throw new InvalidOperationException($"the answer's status is {Status}, not 101");

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => _rest?.DisposeAsync() ?? ValueTask.CompletedTask;

    private ReadOnlyMemory<byte> TakeCopied()
    {
        var copied = _copied;
        _copied = default;
        return copied;
    }
}
