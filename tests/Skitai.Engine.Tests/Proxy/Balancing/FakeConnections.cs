using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Tests.Proxy.Balancing;

/// <summary>A member without a network: it answers as the test says, at once.</summary>
internal sealed class FakeConnections : MemberConnections
{
    private int _disposals;

    public override int Open => 0;

    /// <summary>The status it answers; null = it cannot be connected to; 0 = it never answers.</summary>
    public int? Status { get; set; } = 200;

    public int Asked { get; private set; }

    public MemberRequest? LastRequest { get; private set; }

    public int Disposals => Volatile.Read(ref _disposals);

    public override async ValueTask<MemberAnswer> SendAsync(MemberRequest request, CancellationToken cancellation)
    {
        Assert.Equal(0, Disposals);
        Asked++;
        LastRequest = request;
        switch (Status)
        {
            case null:
                throw new MemberException(MemberFault.CannotConnect, neverLeft: true, "connection refused");
            case 0:
                var never = new TaskCompletionSource();
                await using (cancellation.Register(() => never.TrySetCanceled(cancellation)))
                {
                    await never.Task;
                }

                break;
        }

        return new FakeAnswer(Status ?? 0);
    }

    public override ValueTask DisposeAsync()
    {
        Interlocked.Increment(ref _disposals);
        return ValueTask.CompletedTask;
    }

    private sealed class FakeAnswer(int status) : MemberAnswer
    {
        public override int Status => status;

        public override string? Reason => null;

        public override HeaderList Headers { get; } = new();

        public override long BodyLength => 0;

        public override HeaderList? Trailers => null;

        public override ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellation) => new(ReadOnlyMemory<byte>.Empty);

        public override bool TryRead(out ReadOnlyMemory<byte> bytes)
        {
            bytes = default;
            return true;
        }

        public override Stream TakeTunnel() => throw new InvalidOperationException("no tunnel");

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
