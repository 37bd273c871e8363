using System.Reflection;
using Microsoft.Extensions.Logging;

namespace Skitai.Engine.Tests.Logging;

public sealed class EventIdTests
{
    [Fact]
    public void Each_event_has_an_id_of_its_own()
    {
        const BindingFlags all = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        var events = typeof(Instance).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(all))
            .Select(method => (Name: $"{method.DeclaringType}.{method.Name}", Event: method.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(found => found.Event is not null)
            .ToList();
        Assert.InRange(events.Count, 30, 1000);
        Assert.Empty(events.GroupBy(found => found.Event!.EventId).Where(group => group.Count() > 1).Select(group => string.Join(", ", group.Select(found => found.Name))));
    }
}
