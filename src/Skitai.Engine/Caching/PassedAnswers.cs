using Skitai.Engine.Caching.Rules;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching;

/// <summary>Says on answers that are none of the cache's business why they are not.</summary>
/// <param name="reason">Why.</param>
internal sealed class PassedAnswers(ForwardReason reason) : AnswerWitness
{
    private readonly string _status = CacheStatusField.Forwarded(reason);

    /// <summary>Adds this cache's member to Cache-Status.</summary>
    public static void AddStatus(HeaderList fields, string status)
    {
        if (fields.FindAll(CacheStatusField.Name) is { } before)
        {
            fields.Set(CacheStatusField.Name, CacheStatusField.Append(before, status));
        }
        else
        {
            fields.Add(CacheStatusField.Name, status);
        }
    }

    /// <inheritdoc/>
    public override void See(Exchange exchange, MemberAnswer answer) => AddStatus(answer.Headers, _status);
}
