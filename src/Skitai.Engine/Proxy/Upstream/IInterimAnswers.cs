namespace Skitai.Engine.Proxy.Upstream;

/// <summary>Takes a member's 1xx answers but 101, which is final here (RFC 9110 section 15.2).</summary>
internal interface IInterimAnswers
{
    /// <summary>One has come; 100 included.</summary>
    ValueTask TakeAsync(int status, HeaderList headers, CancellationToken cancellation);
}
