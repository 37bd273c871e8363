using System.Text;
using System.Threading.Channels;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Tests.Caching;

/// <summary>A member's answer whose body comes when the test says so.</summary>
internal sealed class ScriptedAnswer : MemberAnswer
{
    private readonly Channel<byte[]> _pieces = Channel.CreateUnbounded<byte[]>();

    /// <summary>One whose body is to be written.</summary>
    /// <param name="fields"><c>Name: value | Name: value</c>.</param>
    /// <param name="status">The status.</param>
    /// <param name="length">Bytes of its body; -1 = it does not say.</param>
    public ScriptedAnswer(string fields, int status = 200, long length = -1)
    {
        Headers = Rules.Fields.Of(fields);
        (Status, BodyLength) = (status, length);
        if (length >= 0)
        {
            Headers.Set("Content-Length", $"{length}");
        }
    }

    public override int Status { get; }

    public override string? Reason => null;

    public override HeaderList Headers { get; }

    public override long BodyLength { get; }

    public override HeaderList? Trailers => null;

    public bool IsCut { get; init; }

    public override bool MayBeCut => IsCut;

    public bool IsDisposed { get; private set; }

    /// <summary>One that is there as a whole.</summary>
    public static ScriptedAnswer Whole(string fields, string body = "content", int status = 200)
    {
        var answer = new ScriptedAnswer(fields, status, status is 204 or 304 ? 0 : Encoding.UTF8.GetByteCount(body));
        answer.Write(body);
        answer.End();
        return answer;
    }

    public void Write(string text)
    {
        if (text.Length > 0)
        {
            _pieces.Writer.TryWrite(Encoding.UTF8.GetBytes(text));
        }
    }

    public void End() => _pieces.Writer.TryComplete();

    public void Break() => _pieces.Writer.TryComplete(new MemberException(MemberFault.BrokenOff, neverLeft: false, "it broke off"));

    public override async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellation)
    {
        try
        {
            return await _pieces.Reader.WaitToReadAsync(cancellation) && _pieces.Reader.TryRead(out var piece) ? piece : default;
        }
        catch (MemberException fault)
        {
            throw new MemberException(fault.Fault, fault.NeverLeft, fault.Message, fault);
        }
    }

    public override bool TryRead(out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        if (_pieces.Reader.TryRead(out var piece))
        {
            bytes = piece;
            return true;
        }

        return _pieces.Reader.Completion.IsCompletedSuccessfully;
    }

    public override Stream TakeTunnel() => throw new InvalidOperationException();

    public override ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return default;
    }
}
