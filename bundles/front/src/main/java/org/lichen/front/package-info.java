/**
 * The front door of the runtime: {@link org.lichen.front.FrontDoor} accepts, {@link
 * org.lichen.front.Conversation} speaks docs/FORMATS.md, 5 with one client.
 */
package org.lichen.front;
