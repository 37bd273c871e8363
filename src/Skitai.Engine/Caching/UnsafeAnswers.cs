using Skitai.Engine.Caching.Rules;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching;

/// <summary>Takes out of the cache what a request may have changed (RFC 9111 section 4.4).</summary>
/// <param name="cache">The cache.</param>
internal sealed class UnsafeAnswers(SharedCache cache) : AnswerWitness
{
    private static readonly string s_status = CacheStatusField.Forwarded(ForwardReason.Method);

    /// <inheritdoc/>
    public override void See(Exchange exchange, MemberAnswer answer)
    {
        PassedAnswers.AddStatus(answer.Headers, s_status);
        if (!InvalidatedKeys.IsSuccess(answer.Status))
        {
            return;
        }

        var key = CacheKey.Of(exchange);
        cache.Forget(key);
        Forget(key, answer.Headers.Find("Location"));
        Forget(key, answer.Headers.Find("Content-Location"));
    }

    private void Forget(string key, string? reference)
    {
        if (reference is not null && InvalidatedKeys.TryResolve(key, reference, out var named) && named != key)
        {
            cache.Forget(named);
        }
    }
}
