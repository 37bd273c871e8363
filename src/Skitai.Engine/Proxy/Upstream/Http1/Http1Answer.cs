namespace Skitai.Engine.Proxy.Upstream.Http1;

/// <summary>An answer over HTTP/1.1. One object for each answer, so that whoever disposes of it late does no harm to the next.</summary>
internal sealed class Http1Answer(Http1Connection connection, AnswerHead head, long bodyLength) : MemberAnswer
{
    private Http1Connection? _connection = connection;

    /// <inheritdoc/>
    public override int Status { get; } = head.Status;

    /// <inheritdoc/>
    public override string? Reason { get; } = head.Reason;

    /// <inheritdoc/>
    public override HeaderList Headers { get; } = head.Headers;

    /// <inheritdoc/>
    public override long BodyLength { get; } = bodyLength;

    /// <inheritdoc/>
    public override bool MayBeCut => _connection is { MayBeCut: true };

    /// <inheritdoc/>
    public override HeaderList? Trailers => _connection?.Trailers;

    /// <inheritdoc/>
    public override ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellation) => Connection().ReadBodyAsync(cancellation);

    /// <inheritdoc/>
    public override bool TryRead(out ReadOnlyMemory<byte> bytes) => Connection().TryReadBody(out bytes);

    /// <inheritdoc/>
    public override void BePatient(TimeSpan idleTimeout) => Connection().BePatient(idleTimeout);

    /// <inheritdoc/>
    public override Stream TakeTunnel() =>
        Status == 101 ? new Http1Tunnel(Connection()) : throw new InvalidOperationException($"the answer's status is {Status}, not 101");

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() =>
        Interlocked.Exchange(ref _connection, null) is { } connection ? connection.FinishAsync() : ValueTask.CompletedTask;

    private Http1Connection Connection() => _connection ?? throw new ObjectDisposedException(nameof(Http1Answer));
}
