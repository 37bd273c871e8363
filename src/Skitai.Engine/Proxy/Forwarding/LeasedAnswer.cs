using Skitai.Engine.Proxy.Balancing;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>A member's answer, which the member has in hand until it is disposed of.</summary>
internal sealed class LeasedAnswer(MemberAnswer answer, MemberChoice choice, ForwardedRequest request) : MemberAnswer
{
    // The choice and the request may be another one's when a read ends that was given up.
    private volatile bool _isOver;

    /// <inheritdoc/>
    public override int Status => answer.Status;

    /// <inheritdoc/>
    public override string? Reason => answer.Reason;

    /// <inheritdoc/>
    public override HeaderList Headers => answer.Headers;

    /// <inheritdoc/>
    public override long BodyLength => answer.BodyLength;

    /// <inheritdoc/>
    public override bool MayBeCut => answer.MayBeCut;

    /// <inheritdoc/>
    public override HeaderList? Trailers => answer.Trailers;

    /// <inheritdoc/>
    public override ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellation)
    {
        var reading = answer.ReadAsync(cancellation);
        return reading.IsCompletedSuccessfully ? reading : WatchAsync(reading);
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadOnlyMemory<byte> bytes) => answer.TryRead(out bytes);

    /// <inheritdoc/>
    public override void BePatient(TimeSpan idleTimeout) => answer.BePatient(idleTimeout);

    /// <inheritdoc/>
    public override Stream TakeTunnel() => answer.TakeTunnel();

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_isOver)
        {
            return;
        }

        _isOver = true;
        try
        {
            await answer.DisposeAsync();
        }
        finally
        {
            choice.End();
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>> WatchAsync(ValueTask<ReadOnlyMemory<byte>> reading)
    {
        try
        {
            return await reading;
        }
        catch (MemberException fault) when (!_isOver)
        {
            choice.Failed(fault);
            request.TellCut(fault.Message);
            throw;
        }
    }
}
